/// A case name taken apart again.
struct CaseNameParts: Equatable {
    var operation: String
    var object: [String]
    var role: String?
    var isDenied: Bool
}

/// Reads case names by their grammar alone.
struct CaseNameParser {
    private var rest: Substring.UnicodeScalarView

    /// Returns the parts, or `nil` if the text is no case name.
    static func parts(of name: String) -> CaseNameParts? {
        var parser = CaseNameParser(rest: Substring(name).unicodeScalars)
        return parser.parts()
    }

    private mutating func parts() -> CaseNameParts? {
        var operation = ""
        while let scalar = rest.first, scalar != " " {
            operation.unicodeScalars.append(scalar)
            rest.removeFirst()
        }
        if rest.isEmpty { return CaseNameParts(operation: operation, object: [], isDenied: false) }
        guard skip(" ") else { return nil }
        var object: [String] = []
        repeat {
            guard let part = identifier() else { return nil }
            object.append(part)
        } while skip(".")
        var role: String?
        if skip(" as ") {
            guard let name = identifier() else { return nil }
            role = name
        }
        let isDenied = skip(" is denied")
        guard rest.isEmpty else { return nil }
        return CaseNameParts(operation: operation, object: object, role: role, isDenied: isDenied)
    }

    private mutating func identifier() -> String? {
        var name = ""
        guard skip("\"") else {
            while let scalar = rest.first,
                "abcdefghijklmnopqrstuvwxyz_0123456789".unicodeScalars.contains(scalar)
            {
                name.unicodeScalars.append(scalar)
                rest.removeFirst()
            }
            return name.isEmpty ? nil : name
        }
        while !rest.isEmpty {
            if skip("\"\"") {
                name += "\""
            } else if skip("\"") {
                return name
            } else if skip("\\\\") {
                name += "\\"
            } else if skip("\\x") {
                guard let scalar = escape() else { return nil }
                name.unicodeScalars.append(scalar)
            } else {
                name.unicodeScalars.append(rest.removeFirst())
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        let digits: String
        if skip("{") {
            guard let end = rest.firstIndex(of: "}") else { return nil }
            digits = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            digits = String(rest.prefix(2))
            rest = rest.dropFirst(2)
        }
        return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
    }

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }
}
