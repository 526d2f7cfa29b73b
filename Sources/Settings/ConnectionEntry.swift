/// The `connection` of the file: where to connect if neither options nor environment say it.
package struct ConnectionEntry: Sendable, Hashable {
    package private(set) var parameters: [Parameter] = []

    /// A parameter in libpq's words, its environment variables not yet looked up.
    package struct Parameter: Sendable, Hashable {
        package let keyword: String
        package let value: Placed<String>
    }

    /// The keywords that the file may hold, with the environment variables that come before them.
    static let variables = [
        "host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
        "password": "PGPASSWORD", "passfile": "PGPASSFILE", "service": "PGSERVICE",
        "sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
        "sslrootcert": "PGSSLROOTCERT", "connect_timeout": "PGCONNECT_TIMEOUT",
        "target_session_attrs": "PGTARGETSESSIONATTRS",
    ]

    /// Those whose value is a number.
    static let numbers: Set<String> = ["port", "connect_timeout"]

    /// Those whose value is a file; a relative one lies beside the settings file.
    private static let files: Set<String> = ["passfile", "sslcert", "sslkey", "sslrootcert"]

    /// Those whose value is one of a few words.
    private static let choices = [
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "target_session_attrs": [
            "any", "read-write", "read-only", "primary", "standby", "prefer-standby",
        ],
    ]

    /// Takes a parameter up, once its text is known to hold no secret and no broken variable.
    ///
    /// - Throws: a sentence.
    mutating func add(_ keyword: String, _ value: Placed<String>) throws(Complaint) {
        let pieces = try Self.pieces(of: value.value)
        if keyword == "password", !pieces.isSingleVariable {
            throw Complaint(
                "a password does not belong in the file; write ${NAME} for an environment variable,"
                    + " or use PGPASSWORD or ~/.pgpass"
            )
        }
        if keyword == "dbname", Self.holdsPassword(pieces) {
            throw Complaint(
                "the password in 'dbname' does not belong in the file; write ${NAME} for an"
                    + " environment variable in its place, or use PGPASSWORD or ~/.pgpass"
            )
        }
        if pieces.count == 1, case .text(let text) = pieces[0] { try Self.check(text, as: keyword) }
        parameters.append(Parameter(keyword: keyword, value: value))
    }

    private static func check(_ text: String, as keyword: String) throws(Complaint) {
        if keyword == "port", !(1...65_535).contains(Int(text) ?? 0) {
            throw Complaint("'port' must be a number from 1 to 65535")
        }
        if numbers.contains(keyword), Int(text) == nil {
            throw Complaint("'\(keyword)' must be a number")
        }
        if let words = choices[keyword], !words.contains(text) {
            throw Complaint(
                "'\(text)' is no value of '\(keyword)'; \(NearestName.hint(for: text, among: words))"
            )
        }
    }

    /// A sentence that still lacks its place.
    struct Complaint: Error {
        let sentence: String

        init(_ sentence: String) { self.sentence = sentence }
    }

    /// Returns the parameters that neither an option nor the environment says otherwise, with their
    /// variables looked up; none where a service names everything at once.
    ///
    /// `options` are the keywords that options have given.
    /// - Throws: `SettingsError` for a variable that is not set, or is empty.
    package func resolved(
        for file: SettingsFile,
        options: Set<String>,
        environment: [String: String]
    ) throws(SettingsError) -> [String: String] {
        func isSet(_ variable: String) -> Bool { environment[variable]?.isEmpty == false }
        if isSet("PGSERVICE") { return [:] }
        var resolved: [String: String] = [:]
        for parameter in parameters {
            let keyword = parameter.keyword
            if options.contains(keyword) || isSet(Self.variables[keyword] ?? "") { continue }
            var value = ""
            for piece in (try? Self.pieces(of: parameter.value.value)) ?? [] {
                switch piece {
                case .text(let text): value += text
                case .variable(let name, let fallback):
                    guard let text = isSet(name) ? environment[name] : fallback else {
                        let fallback = keyword == "password" ? "" : "value"
                        throw file.error(
                            parameter.value.line,
                            "the environment variable \(name) of '\(keyword)' is not set or empty;"
                                + " set it, or give a default: ${\(name):-\(fallback)}"
                        )
                    }
                    value += text
                }
            }
            resolved[keyword] =
                Self.files.contains(keyword) ? Self.path(value, beside: file.path) : value
        }
        return resolved
    }

    private static func path(_ path: String, beside file: String) -> String {
        // `sslrootcert=system` names no file.
        guard let slash = file.lastIndex(of: "/"), !path.hasPrefix("/"), path != "system",
            !path.isEmpty
        else { return path }
        return file[...slash] + path
    }

    enum Piece: Equatable {
        case text(String)
        case variable(String, fallback: String?)
    }

    /// Takes a text with `${NAME}` and `${NAME:-default}` apart.
    static func pieces(of text: String) throws(Complaint) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            if dollar > rest.startIndex { pieces.append(.text(String(rest[..<dollar]))) }
            rest = rest[dollar...].dropFirst()
            if rest.first == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Complaint("'${' is never closed; write ${NAME}")
                }
                let inner = rest[..<end].dropFirst()
                let separator = inner.firstRange(of: ":-")
                let name = inner[..<(separator?.lowerBound ?? inner.endIndex)]
                guard isVariableName(name) else {
                    throw Complaint("'${\(inner)}' names no environment variable; write ${NAME}")
                }
                let fallback = separator.map { String(inner[$0.upperBound...]) }
                pieces.append(.variable(String(name), fallback: fallback))
                rest = rest[end...].dropFirst()
            } else if rest.first.map({ $0.isASCII && ($0.isLetter || $0 == "_") }) ?? false {
                let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                throw Complaint("'$\(name)' is no environment variable; write ${\(name)}")
            } else {
                pieces.append(.text("$"))
            }
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }

    private static func isVariableName(_ name: Substring) -> Bool {
        guard let first = name.first, !first.isNumber else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// Whether a URI or conninfo string holds a password in clear.
    private static func holdsPassword(_ pieces: [Piece]) -> Bool {
        // A variable without a default stands for what is no secret of the file's.
        let text = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .variable(_, let fallback): fallback.map { $0.isEmpty ? "\0" : $0 } ?? "\0"
            }
        }.joined()
        func isSecret(_ password: Substring) -> Bool { password.contains { $0 != "\0" } }
        if let start = text.firstRange(of: "://") {
            let authority = text[start.upperBound...].prefix { !"/?#".contains($0) }
            if let at = authority.lastIndex(of: "@"),
                let colon = authority[..<at].firstIndex(of: ":"),
                isSecret(authority[..<at][colon...].dropFirst())
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

extension [ConnectionEntry.Piece] {
    fileprivate var isSingleVariable: Bool {
        guard count == 1, case .variable(_, let fallback) = self[0] else { return false }
        return fallback?.isEmpty ?? true
    }
}
