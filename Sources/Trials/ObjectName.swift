/// The kind of a database object, in PostgreSQL's words.
package enum ObjectKind: String, Sendable, Hashable, Codable {
    case table
    case partitionedTable = "partitioned table"
    case view
    case materializedView = "materialized view"
    case foreignTable = "foreign table"
    case sequence
    case column
    case function
    case procedure
    case type
    case domain
    case schema
    case database
    case language
    case tablespace
    case foreignDataWrapper = "foreign data wrapper"
    case foreignServer = "foreign server"
    case largeObject = "large object"
    case role
    case parameter
}

/// An object's kind and its name, never quoted, never abbreviated.
package struct ObjectName: Sendable, Hashable, Codable {
    package var kind: ObjectKind
    /// The schema that holds the object; `nil` for schemas, roles and databases.
    package var schema: String?
    package var name: String
    /// A function's name without its argument types, which `name` goes on with: a name may hold a
    /// parenthesis itself.
    package var routineName: String?

    package init(kind: ObjectKind, schema: String?, name: String, routineName: String? = nil) {
        self.kind = kind
        self.schema = schema
        self.name = name
        self.routineName = routineName
    }

    /// A function's name, and its argument types in parentheses as the server writes them.
    package var signature: (name: String, arguments: String) {
        if let routineName { return (routineName, String(name.dropFirst(routineName.count))) }
        let start = startOfArguments
        return (String(name[..<start]), String(name[start...]))
    }

    /// Only quoted names among the arguments hold a parenthesis, so the last one outside of quotes
    /// opens them.
    private var startOfArguments: String.Index {
        var isQuoted = false
        for place in name.unicodeScalars.indices.reversed() {
            let scalar = name.unicodeScalars[place]
            if scalar == "\"" { isQuoted.toggle() }
            if scalar == "(", !isQuoted { return place }
        }
        return name.endIndex
    }

    /// Whether kind and names are the same, byte for byte: to the server `é` has two spellings.
    package static func == (left: Self, right: Self) -> Bool {
        left.kind == right.kind && left.name.utf8.elementsEqual(right.name.utf8)
            && (left.schema ?? "").utf8.elementsEqual((right.schema ?? "").utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// The name as case names and reports write it, `public.users` or `"My schema".users`.
    package var displayed: String {
        let name =
            switch kind {
            case .function, .procedure:
                Identifier.displayed(signature.name) + PrintableText.line(signature.arguments)
            // A number, and words with dots that no statement quotes.
            case .largeObject, .parameter: PrintableText.line(name)
            default: Identifier.displayed(name)
            }
        return schema.map { "\(Identifier.displayed($0)).\(name)" } ?? name
    }
}
