/// The `connection` of the file: where to connect if neither options nor environment say it.
package struct ConnectionEntry: Sendable, Hashable {
    package private(set) var parameters: [Parameter] = []
    /// Whether it is one role's own: `PGPASSWORD` then is not its password.
    var isOfRole = false

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
        let text: VariableText
        do throws(Complaint) {
            text = try VariableText(value.value)
        } catch {
            // The piece that cannot be read could be one of a password.
            switch keyword {
            case "password": throw passwordComplaint
            case "dbname": throw Complaint("'dbname' holds a $ that starts no ${NAME}")
            default: throw error
            }
        }
        if keyword == "password", !text.isSingleVariable { throw passwordComplaint }
        if keyword == "dbname", text.holdsPassword {
            throw Complaint(
                "the password in 'dbname' does not belong in the file; write ${NAME} for an"
                    + " environment variable in its place, or use \(otherWays)"
            )
        }
        if let constant = text.constant { try Self.check(constant, as: keyword) }
        parameters.append(Parameter(keyword: keyword, value: value))
    }

    private var passwordComplaint: Complaint {
        Complaint(
            "a password does not belong in the file; write ${NAME} for an environment variable,"
                + " or use \(otherWays)"
        )
    }

    private var otherWays: String { isOfRole ? "~/.pgpass" : "PGPASSWORD or ~/.pgpass" }

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
        return try values(for: file, environment: environment) { keyword in
            !options.contains(keyword) && !isSet(Self.variables[keyword] ?? "")
        }
    }

    /// Returns the parameters that are wanted, with their variables looked up.
    func values(
        for file: SettingsFile,
        environment: [String: String],
        where isWanted: (_ keyword: String) -> Bool
    ) throws(SettingsError) -> [String: String] {
        var values: [String: String] = [:]
        for parameter in parameters where isWanted(parameter.keyword) {
            let keyword = parameter.keyword
            let text = try? VariableText(parameter.value.value)
            guard let value = text?.value(in: environment) else {
                let name = text?.missingVariable(in: environment) ?? ""
                let fallback = keyword == "password" ? "" : "value"
                throw file.error(
                    parameter.value.line,
                    "the environment variable \(name) of '\(keyword)' is not set or empty; set it, "
                        + "or give a default: ${\(name):-\(fallback)}"
                )
            }
            values[keyword] =
                Self.files.contains(keyword) ? Self.path(value, beside: file.path) : value
        }
        return values
    }

    private static func path(_ path: String, beside file: String) -> String {
        // `sslrootcert=system` names no file.
        guard let slash = file.lastIndex(of: "/"), !path.hasPrefix("/"), path != "system",
            !path.isEmpty
        else { return path }
        return file[...slash] + path
    }
}
