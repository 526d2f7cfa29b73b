/// Values by name, where names are the same only if their bytes are.
///
/// Swift takes `é` and `e` with a combining accent for one string; PostgreSQL has two names there.
package struct ExactNames<Value: Sendable>: Sendable {
    private var values: [[UInt8]: (name: String, value: Value)] = [:]

    package init() {}

    package subscript(name: String) -> Value? {
        get { values[Array(name.utf8)]?.value }
        set { values[Array(name.utf8)] = newValue.map { (name, $0) } }
    }

    /// The names, sorted.
    package var names: [String] { values.values.map(\.name).sorted() }

    /// The values, by name.
    package var sorted: [(name: String, value: Value)] {
        values.values.sorted { $0.name < $1.name }
    }
}

extension ExactNames: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements { self[name] = value }
    }
}
