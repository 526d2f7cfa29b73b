internal import CLibPQ
internal import Glibc

/// Where and as whom to connect, as psql's options and environment say it.
///
/// libpq decides the rest: a URI or conninfo in the database option beats the other options, a
/// service beats PG* variables, `.pgpass` supplies the password.
package struct ConnectionTarget: Sendable, Hashable {
    /// A database's name, a conninfo string or a URI.
    package var database: String?
    package var host: String?
    package var port: String?
    package var user: String?
    /// What `database` was taken from, for messages.
    package var origin: String
    /// Parameters that hold where nothing else says otherwise, in libpq's words.
    private var fallbacks: [String: String] = [:]

    /// Collects the options; `DATABASE_URL` serves if nothing else names a database.
    package init(
        database: String? = nil,
        host: String? = nil,
        port: String? = nil,
        user: String? = nil,
        environment: [String: String] = [:]
    ) {
        self.host = host
        self.port = port
        self.user = user
        let isNamed = ["PGDATABASE", "PGSERVICE"].contains { environment[$0]?.isEmpty == false }
        if let database {
            self.database = database
            origin = "--dbname"
        } else if !isNamed, let url = environment["DATABASE_URL"], !url.isEmpty {
            self.database = url
            origin = "DATABASE_URL"
        } else if !isNamed, let url = environment["FLYWAY_URL"], !url.isEmpty {
            self.database = url
            origin = "FLYWAY_URL"
        } else {
            origin = "the environment"
        }
        hasTimeout = environment["PGCONNECT_TIMEOUT"]?.isEmpty == false
        if self.database?.isEmpty == false, self.database == environment["FLYWAY_URL"] {
            flyway = FlywayLogin(environment)
        }
    }

    /// The longest time for one attempt at connecting, unless variables or the string name another.
    package var attemptSeconds = 10

    /// Takes parameters from a settings file, which come after options and environment.
    package mutating func fallBack(to parameters: [String: String], of file: String) {
        fallbacks = parameters
        guard let database = fallbacks.removeValue(forKey: "dbname"), self.database == nil else {
            return
        }
        self.database = database
        origin = file
    }

    private var isOption: Bool { origin == "--dbname" }

    private let hasTimeout: Bool
    /// The credentials that go with the URL in a callback of Flyway's, and with no other.
    private var flyway: FlywayLogin?

    /// The database option in a form that libpq reads.
    func connectionString() throws(PostgresError) -> String? {
        try jdbc()?.conninfo ?? database
    }

    private func jdbc() throws(PostgresError) -> JDBCURL? {
        guard let database, database.hasPrefix(JDBCURL.prefix) else { return nil }
        return try JDBCURL(database, origin: origin)
    }

    /// Whether `database` is a URL or a conninfo string rather than a name.
    package var isConnectionString: Bool {
        guard let database else { return false }
        return database.contains("=") || database.contains("://") || database.hasPrefix("jdbc:")
    }

    /// Checks the connection string without connecting.
    ///
    /// - Throws: `invalidConnectionString`. libpq's own words quote the string, and with it
    ///   passwords, so only the name of an unknown URI parameter is passed on.
    package func validate() throws(PostgresError) {
        if let port { try Self.checkPort(port, "--port") }
        guard let database = try connectionString(), isConnectionString else { return }
        guard !database.hasPrefix("jdbc:") else {
            throw .invalidConnectionString(
                "\(origin) is a JDBC URL for something else than PostgreSQL; pgsmoke takes "
                    + "jdbc:postgresql://host:port/database"
            )
        }
        let isURI = ["postgresql://", "postgres://"].contains { database.hasPrefix($0) }
        if !isURI, let scheme = database.firstRange(of: "://").map({ database[..<$0.lowerBound] }),
            scheme.utf8.allSatisfy({ UInt8(ascii: "+") <= $0 && $0 <= UInt8(ascii: "z") }),
            !scheme.contains("="), !scheme.contains("@"), !scheme.contains(":")
        {
            throw .invalidConnectionString(
                "\(origin) is a \(scheme):// URI, which libpq cannot read; write it as "
                    + "postgresql://user@host:port/database or jdbc:postgresql://host:port/database"
            )
        }
        if isURI, Self.hasUnescapedSigns(database) {
            throw .invalidConnectionString(
                "\(origin) is a URI in which libpq would take a part of the user or password for "
                    + "something else; percent-encode the characters @ : / ? # % in both"
            )
        }
        var complaint: UnsafeMutablePointer<CChar>?
        if let options = unsafe PQconninfoParse(database, &complaint) {
            defer { unsafe PQconninfoFree(options) }
            if let port = unsafe Conninfo.parameters(options)["port"] {
                try Self.checkPort(port, origin)
            }
            return
        }
        let text = unsafe complaint.map { unsafe String(cString: $0) } ?? ""
        unsafe PQfreemem(complaint)
        let unknown = "invalid URI query parameter: \""
        if let start = text.firstRange(of: unknown) {
            let name = text[start.upperBound...].prefix { $0 != "\"" }
            throw .invalidConnectionString(
                "\(origin) holds the URI parameter '\(name)', which libpq does not know; "
                    + "take it out of the URI"
            )
        }
        throw .invalidConnectionString(
            isURI
                ? "\(origin) is not a URI that libpq can read; its shape is "
                    + "postgresql://user@host:port/database?parameter=value, with special "
                    + "characters percent-encoded"
                : "\(origin) is not a connection string that libpq can read; its shape is "
                    + "host=… port=… dbname=… user=…, with values that hold spaces in single quotes"
        )
    }

    /// Whether an `@` stands where it cannot be the one before the host: parts of a password would
    /// then pass for hosts and parameters, and be told.
    private static func hasUnescapedSigns(_ uri: String) -> Bool {
        guard let start = uri.firstRange(of: "://")?.upperBound else { return false }
        let authority = uri[start...].prefix { !"/?#".contains($0) }
        let rest = uri[authority.endIndex...]
        let path = rest.prefix { $0 != "?" }
        return authority.count { $0 == "@" } > 1 || path.contains("@")
            || !authority.contains("@") && rest.contains("@")
    }

    /// Checks a port, or one for each host between commas; an empty one stands for the default.
    static func checkPort(_ text: String, _ origin: String) throws(PostgresError) {
        for part in text.split(separator: ",") where !(1...65_535).contains(Int(part) ?? 0) {
            throw .invalidConnectionString(
                "\(origin) names a port that is no number from 1 to 65535"
            )
        }
    }

    /// Lends the parameters as the two null-terminated arrays that libpq takes.
    func withParameters<Value>(
        adding last: [(name: String, value: String)] = [],
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>
        ) -> Value
    ) -> Value {
        // The later of two equal keywords wins. Options stand before a connection string that was
        // an option too, but behind one that the environment gave.
        var parameters: [(name: String, value: String)] = [("application_name", "pgsmoke")]
        if !hasTimeout { parameters.append(("connect_timeout", String(attemptSeconds))) }
        parameters += fallbacks.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let options = [("host", host), ("port", port), ("user", user)].compactMap { name, value in
            value.map { (name: name, value: $0) }
        }
        // Connecting has validated the string before.
        let jdbc = try? jdbc()
        let string = jdbc?.conninfo ?? database
        let named = string.map { [(name: "dbname", value: $0)] } ?? []
        parameters += flyway?.parameters(besides: [user, jdbc?.user]) ?? []
        parameters += isOption ? options + named : named + options
        parameters += [("client_encoding", "UTF8")] + last
        let names = unsafe parameters.map { unsafe strdup($0.name) }
        let values = unsafe parameters.map { unsafe strdup($0.value) }
        defer {
            for index in unsafe names.indices {
                unsafe free(names[index])
                unsafe free(values[index])
            }
        }
        return unsafe withUnsafeTemporaryArrays(names, values, body)
    }
}

/// The variables that Flyway gives its callbacks beside the URL.
private struct FlywayLogin: Hashable {
    private let user: String
    private let password: String?

    init?(_ environment: [String: String]) {
        guard let user = environment["FLYWAY_USER"], !user.isEmpty else { return nil }
        self.user = user
        password = environment["FLYWAY_PASSWORD"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The credentials, unless other roles are named.
    func parameters(besides others: [String?]) -> [(name: String, value: String)] {
        guard others.allSatisfy({ $0 == nil || $0 == user }) else { return [] }
        return [("user", user)] + (password.map { [("password", $0)] } ?? [])
    }
}

private func withUnsafeTemporaryArrays<Value>(
    _ names: [UnsafeMutablePointer<CChar>?],
    _ values: [UnsafeMutablePointer<CChar>?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    let names = unsafe names.map { unsafe UnsafePointer($0) } + [nil]
    let values = unsafe values.map { unsafe UnsafePointer($0) } + [nil]
    return unsafe names.withUnsafeBufferPointer { names in
        unsafe values.withUnsafeBufferPointer { values in
            guard let names = names.baseAddress, let values = values.baseAddress else {
                preconditionFailure("the arrays are never empty")
            }
            return unsafe body(names, values)
        }
    }
}
