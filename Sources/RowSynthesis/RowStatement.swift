internal import Catalog
package import Postgres
internal import Trials

extension RowDraft.Row {
    /// Writes the row as an INSERT.
    ///
    /// Scaffold rows override identity columns, tried rows never do.
    package func insert(
        with connection: Connection,
        overridesIdentity: Bool = false
    ) throws(PostgresError) -> String {
        let target = try target(with: connection)
        guard !values.isEmpty else { return "INSERT INTO \(target) DEFAULT VALUES" }
        let (names, contents) = try lists(with: connection)
        let overriding = overridesIdentity ? " OVERRIDING SYSTEM VALUE" : ""
        return "INSERT INTO \(target) (\(names))\(overriding) VALUES (\(contents))"
    }

    /// Writes the INSERT so that it asks for the privileges and touches no row; `nil` if there is no
    /// column to name, since DEFAULT VALUES always makes one.
    package func insertOfNothing(with connection: Connection) throws(PostgresError) -> String? {
        guard !values.isEmpty else { return nil }
        let (names, contents) = try lists(with: connection)
        return
            "INSERT INTO \(try target(with: connection)) (\(names)) SELECT \(contents) WHERE false"
    }

    private func target(with connection: Connection) throws(PostgresError) -> String {
        let schema = try connection.quoted(identifier: relation.schema)
        return "\(schema).\(try connection.quoted(identifier: relation.name))"
    }

    private func lists(
        with connection: Connection
    ) throws(PostgresError) -> (names: String, contents: String) {
        var names: [String] = []
        var contents: [String] = []
        for (number, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let name = columnNames[number] else { continue }
            names.append(try connection.quoted(identifier: name))
            switch value.content {
            case .literal(let text): contents.append(try connection.quoted(literal: text))
            case .expression(let expression): contents.append(expression)
            case .null: contents.append("NULL")
            }
        }
        return (names.joined(separator: ", "), contents.joined(separator: ", "))
    }

    /// The INSERT for readers, on one line: each column with the source of its value, no value.
    package var described: String {
        let target = "\(Identifier.sql(relation.schema)).\(Identifier.sql(relation.name))"
        let list = values.sorted { $0.key < $1.key }.compactMap { number, value in
            columnNames[number].map { "\(Identifier.sql($0)): \(value.source.rawValue)" }
        }
        let row = list.isEmpty ? "DEFAULT VALUES" : "(\(list.joined(separator: ", ")))"
        return PrintableText.line("INSERT INTO \(target) \(row)")
    }
}
