package import Cluster
package import Postgres

/// A database that one test has to itself.
package struct TestDatabase: Sendable {
    /// Where it lies.
    package let server: PrivateServer
    /// A name that needs no quotes.
    package let name: String

    /// Takes a database that is there, by default the one that every server brings with it.
    package init(_ name: String = "postgres", on server: PrivateServer) {
        self.server = server
        self.name = name
    }

    /// Returns how to reach the database as a role, by default the superuser; no role has a password.
    package func target(user: String? = nil) -> ConnectionTarget {
        ConnectionTarget(
            database: name,
            host: server.socketDirectory,
            port: "\(server.port)",
            user: user ?? server.superuser
        )
    }

    /// Opens a connection as a role, by default the superuser.
    package func connect(as role: String? = nil) throws -> Connection {
        try Connection(to: target(user: role))
    }

    /// Runs a script of any number of statements in one transaction, unless it says otherwise.
    ///
    /// - Throws: `PostgresError` with the server's message for the first statement that fails.
    package func execute(_ sql: String, as role: String? = nil) throws {
        _ = try connect(as: role).execute(sql)
    }

    /// Runs one query and returns its rows as text.
    package func rows(_ sql: String, as role: String? = nil) throws -> [[String?]] {
        try connect(as: role).execute(sql)
    }
}

extension PrivateServer {
    /// Makes a database with a name of its own and runs the script in it as the superuser.
    package func makeDatabase(sql: String = "") throws -> TestDatabase {
        let database = TestDatabase(unique("test"), on: self)
        try TestDatabase(on: self).execute("CREATE DATABASE \(database.name)")
        if !sql.isEmpty { try database.execute(sql) }
        return database
    }
}
