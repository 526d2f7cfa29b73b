internal import Catalog
internal import Trials

/// A pattern in pg_dump's language that means exactly some relations of one schema.
struct RelationPattern {
    private let schema: String
    private let names: String
    /// Parentheses that change nothing.
    private var depth = 0

    private init(schema: String, names: String) {
        self.schema = Self.part(schema)
        self.names = names
    }

    var text: String {
        let opening = String(repeating: "(", count: depth)
        return "\(opening)\(schema)\(String(repeating: ")", count: depth)).\(names)"
    }

    /// Means the same with another text: to YAML the two spellings of `é` are one key.
    mutating func reshape() { depth += 1 }

    /// All relations of a schema.
    static func all(of schema: String) -> RelationPattern {
        RelationPattern(schema: schema, names: "*")
    }

    /// Relations of one schema, as few patterns as fit into lines.
    static func patterns(for relations: [Relation]) -> [RelationPattern] {
        var lines: [[String]] = []
        var length = 0
        for name in relations.map({ part($0.name) }) {
            length += name.utf8.count + 1
            if lines.isEmpty || length > longest {
                lines.append([])
                length = name.utf8.count
            }
            lines[lines.count - 1].append(name)
        }
        return lines.map { names in
            RelationPattern(
                schema: relations[0].schema,
                names: names.count == 1 ? names[0] : "(\(names.joined(separator: "|")))"
            )
        }
    }

    /// How many bytes of names one line takes.
    private static let longest = 72

    /// A name that matches itself alone: in quotes if anything in it means something in patterns.
    private static func part(_ name: String) -> String {
        let isBare = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        if isBare { return name }
        // Scalar by scalar: with a mark behind it a quote is no quote to Swift.
        let doubled = name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(doubled)\""
    }
}
