/// A text in which `${NAME}` and `${NAME:-default}` stand for environment variables.
struct VariableText {
    private enum Piece {
        case text(String)
        case variable(String, fallback: String?)
    }

    private var pieces: [Piece] = []

    /// Takes a text apart.
    ///
    /// - Throws: a sentence that quotes the piece that cannot be read.
    init(_ text: String) throws(ConnectionEntry.Complaint) {
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            if dollar > rest.startIndex { pieces.append(.text(String(rest[..<dollar]))) }
            rest = rest[dollar...].dropFirst()
            if rest.first == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    throw ConnectionEntry.Complaint("'${' is never closed; write ${NAME}")
                }
                pieces.append(try Self.variable(rest[..<end].dropFirst()))
                rest = rest[end...].dropFirst()
            } else if rest.first.map(Self.isNameCharacter) ?? false, rest.first?.isNumber == false {
                let name = rest.prefix(while: Self.isNameCharacter)
                throw ConnectionEntry.Complaint(
                    "'$\(name)' is no environment variable; write ${\(name)}"
                )
            } else {
                pieces.append(.text("$"))
            }
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
    }

    private static func variable(
        _ inner: Substring
    ) throws(ConnectionEntry.Complaint) -> Piece {
        let separator = inner.firstRange(of: ":-")
        let name = inner[..<(separator?.lowerBound ?? inner.endIndex)]
        guard name.first?.isNumber == false, name.allSatisfy(isNameCharacter) else {
            throw ConnectionEntry.Complaint(
                "'${\(inner)}' names no environment variable; write ${NAME}"
            )
        }
        return .variable(
            String(name),
            fallback: separator.map { String(inner[$0.upperBound...]) }
        )
    }

    /// Whether a text is one environment variable's name and nothing else.
    static func isName(_ text: String) -> Bool {
        text.first?.isNumber == false && text.allSatisfy(isNameCharacter)
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }

    /// The text if no variable is in it.
    var constant: String? {
        guard pieces.count == 1, case .text(let text) = pieces[0] else { return nil }
        return text
    }

    /// Whether it is one variable and nothing else, not even a default.
    var isSingleVariable: Bool {
        guard pieces.count == 1, case .variable(_, let fallback) = pieces[0] else { return false }
        return fallback?.isEmpty ?? true
    }

    /// Puts the variables' values in; `nil` if one is not set, or empty, and has no default.
    func value(in environment: [String: String]) -> String? {
        guard missingVariable(in: environment) == nil else { return nil }
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .variable(let name, let fallback):
                Self.value(of: name, in: environment) ?? fallback ?? ""
            }
        }.joined()
    }

    /// The first variable that has neither a value nor a default.
    func missingVariable(in environment: [String: String]) -> String? {
        for case .variable(let name, nil) in pieces
        where Self.value(of: name, in: environment) == nil {
            return name
        }
        return nil
    }

    private static func value(of name: String, in environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether it is a URI or conninfo string that holds a password in clear.
    var holdsPassword: Bool {
        // A variable without a default is no secret of the file's.
        let text = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .variable(_, let fallback): fallback.map { $0.isEmpty ? "\0" : $0 } ?? "\0"
            }
        }.joined()
        func isSecret(_ password: Substring) -> Bool { password.contains { $0 != "\0" } }
        if let start = text.firstRange(of: "://") {
            let place = text[start.upperBound...].prefix { $0 != "?" }
            if let user = place.lastIndex(of: "@").map({ place[..<$0] }),
                let colon = user.firstIndex(of: ":"), isSecret(user[colon...].dropFirst())
            {
                return true
            }
        }
        var rest = text[...]
        while let word = rest.firstRange(of: "password") {
            rest = rest[word.upperBound...].drop { $0 == " " }
            guard rest.first == "=" else { continue }
            let value = rest.dropFirst().drop { $0 == " " || $0 == "'" }
                .prefix { !" '&".contains($0) }
            if isSecret(value) { return true }
        }
        return false
    }
}
