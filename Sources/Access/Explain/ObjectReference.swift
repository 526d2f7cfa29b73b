package import Catalog
package import Trials

/// An object's name as the user wrote it: `users`, `billing.invoices`, `function:public.f(integer)`.
///
/// Names follow SQL: folded to lower case unless they stand in double quotes.
package struct ObjectReference: Sendable, Hashable {
    /// What kinds the object may be of.
    package let kinds: Set<ObjectKind>
    /// The kind in words.
    package let kindWord: String
    /// The name as it was written, without the kind.
    package let name: String
    /// Schema and name, or what there is of them, unquoted.
    package let parts: [String]
    /// The argument types of a function, where they were given.
    package let arguments: String?

    private static let relations: Set<ObjectKind> = [
        .table, .partitionedTable, .view, .materializedView, .foreignTable,
    ]

    private static let words: [String: (kinds: Set<ObjectKind>, word: String)] = [
        "relation": (relations.union([.sequence]), "relation"), "table": (relations, "table"),
        "partitionedtable": ([.partitionedTable], "partitioned table"),
        "view": ([.view, .materializedView], "view"),
        "materializedview": ([.materializedView], "materialized view"),
        "foreigntable": ([.foreignTable], "foreign table"), "sequence": ([.sequence], "sequence"),
        "column": ([.column], "column"), "function": ([.function], "function"),
        "procedure": ([.procedure], "procedure"), "routine": ([.function, .procedure], "routine"),
        "schema": ([.schema], "schema"), "database": ([.database], "database"),
        "type": ([.type, .domain], "type"), "domain": ([.domain], "domain"),
        "language": ([.language], "language"), "tablespace": ([.tablespace], "tablespace"),
        "foreignserver": ([.foreignServer], "foreign server"),
        "server": ([.foreignServer], "foreign server"),
        "foreigndatawrapper": ([.foreignDataWrapper], "foreign data wrapper"),
        "largeobject": ([.largeObject], "large object"), "parameter": ([.parameter], "parameter"),
    ]

    /// The kinds that can stand before a name.
    package static let kindWords = words.values.map { $0.word.replacing(" ", with: "-") }.sorted()
        .reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }

    /// Takes the text apart.
    ///
    /// - Throws: `ObjectLookup.Failure` if it begins with no known kind or is no name.
    package init(_ text: String) throws(ObjectLookup.Failure) {
        var kinds = Self.relations.union([.sequence])
        var kindWord = "relation"
        var name = text
        if let colon = text.firstIndex(of: ":"), !text[..<colon].contains("\"") {
            let word = text[..<colon].lowercased().filter { !" -_".contains($0) }
            guard let known = Self.words[word] else {
                throw .unknownKind(String(text[..<colon]))
            }
            (kinds, kindWord) = known
            name = String(text[text.index(after: colon)...])
        }
        var arguments: String?
        var rest = name
        if kinds.isSubset(of: [.function, .procedure]),
            let parenthesis = Self.unquotedParenthesis(in: name)
        {
            guard name.last == ")" else {
                throw .malformed(name, example: "function:public.f(integer)")
            }
            arguments = Self.normalized(name[name.index(after: parenthesis)...].dropLast())
            rest = String(name[..<parenthesis])
        }
        guard let parts = Self.parts(of: rest), parts.allSatisfy({ !$0.isEmpty }) else {
            throw .malformed(name, example: "public.users")
        }
        self.init(kinds: kinds, kindWord: kindWord, name: name, parts: parts, arguments: arguments)
        let isInSchema = !kinds.isDisjoint(
            with: Self.relations.union([.sequence, .function, .procedure, .type, .domain])
        )
        let most = kinds == [.column] ? 3 : kinds == [.parameter] ? Int.max : isInSchema ? 2 : 1
        guard parts.count <= most, kinds != [.column] || parts.count > 1 else {
            throw .malformed(
                name,
                example: kinds == [.column]
                    ? "column:public.users.email" : isInSchema ? "public.users" : "\"a.b\""
            )
        }
        if kinds == [.largeObject], OID(parts[0]) == nil {
            throw .malformed(name, example: "large-object:16401")
        }
    }

    private init(
        kinds: Set<ObjectKind>,
        kindWord: String,
        name: String,
        parts: [String],
        arguments: String?
    ) {
        self.kinds = kinds
        self.kindWord = kindWord
        self.name = name
        self.parts = parts
        self.arguments = arguments
    }

    /// The number of the large object that is meant.
    package var largeObject: OID? { kinds == [.largeObject] ? OID(parts[0]) : nil }

    /// The relation that a column is named of.
    var holder: ObjectReference? {
        guard kinds == [.column], parts.count > 1 else { return nil }
        return ObjectReference(
            kinds: Self.relations,
            kindWord: "relation",
            name: parts.dropLast().map(Identifier.displayed).joined(separator: "."),
            parts: parts.dropLast(),
            arguments: nil
        )
    }

    /// Whether the object bears the name; without a schema, in any.
    func matches(_ object: ObjectName) -> Bool {
        func same(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
            left.utf8.elementsEqual(right.utf8)
        }
        if object.kind == .parameter {
            return same(parts.joined(separator: ".").lowercased(), object.name)
        }
        if parts.count == 2 {
            guard let schema = object.schema, same(parts[0], schema) else { return false }
        }
        guard let last = parts.last else { return false }
        guard [.function, .procedure].contains(object.kind),
            let parenthesis = object.name.lastIndex(of: "(")
        else { return same(last, object.name) }
        guard same(last, object.name[..<parenthesis]) else { return false }
        guard let arguments else { return true }
        let theirs = object.name[object.name.index(after: parenthesis)...].dropLast()
        return same(arguments, Self.normalized(theirs))
    }

    private static func unquotedParenthesis(in text: String) -> String.Index? {
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            if text[index] == "(", !isQuoted { return index }
        }
        return nil
    }

    /// Splits at dots outside double quotes; `nil` if a quote is left open.
    private static func parts(of text: String) -> [String]? {
        var parts: [String] = [""]
        var isQuoted = false
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"" where isQuoted && rest.first == "\"":
                rest.removeFirst()
                parts[parts.count - 1] += "\""
            case "\"": isQuoted.toggle()
            case "." where !isQuoted: parts.append("")
            default:
                let isFolded = !isQuoted && ("A"..."Z").contains(scalar)
                let kept = isFolded ? Unicode.Scalar(scalar.value + 32) ?? scalar : scalar
                parts[parts.count - 1].unicodeScalars.append(kept)
            }
        }
        return isQuoted ? nil : parts
    }

    /// Writes argument types as the server does, as far as they have common short names.
    private static func normalized(_ arguments: Substring) -> String {
        arguments.split(separator: ",").map { argument in
            var words = argument.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            var suffix = ""
            while words.hasSuffix("[]") {
                words.removeLast(2)
                suffix += "[]"
                if words.last == " " { words.removeLast() }
            }
            let folded = words.contains("\"") ? words : words.lowercased()
            return (aliases[folded] ?? folded) + suffix
        }.joined(separator: ", ")
    }

    /// Other names of built-in types (manual, table 8.1).
    private static let aliases = [
        "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint",
        "bool": "boolean", "varchar": "character varying", "char": "character",
        "float8": "double precision", "float": "double precision", "float4": "real",
        "decimal": "numeric", "timestamptz": "timestamp with time zone",
        "timestamp": "timestamp without time zone", "timetz": "time with time zone",
        "time": "time without time zone", "varbit": "bit varying",
    ]
}
