package import Cluster
internal import Glibc
package import Postgres
internal import Subprocess
internal import SystemPackage

/// A private pgbouncer that lends a server's connections for one transaction at a time.
package struct Pooler: Sendable {
    /// The directory of its Unix socket, which serves as a host in connection options.
    package let socketDirectory: String
    package let port = 6_432

    /// Where the program lies, if it is installed.
    package static let program: String? = {
        let places: [String] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
        return places.first { access($0, X_OK) == 0 }
    }()

    /// Opens a connection to a database through the pooler.
    package func connect(to database: TestDatabase, as user: String? = nil) throws -> Connection {
        var target = database.target(user: user)
        target.host = socketDirectory
        target.port = String(port)
        return try Connection(to: target)
    }

    /// Returns the connection options that reach a database through the pooler.
    package func options(_ database: TestDatabase, as user: String? = nil) -> [String] {
        [
            "-h", socketDirectory, "-p", String(port), "-U", user ?? database.server.superuser,
            "-d", database.name,
        ]
    }
}

/// Starts a pooler with few connections before the server, lends it and stops it.
package func withPooler<Value: Sendable>(
    before server: PrivateServer,
    poolSize: Int = 2,
    body: (Pooler) async throws -> Value
) async throws -> Value {
    try await withTemporaryDirectory { directory in
        let configuration = """
            [databases]
            * = host=\(server.socketDirectory) port=\(server.port)
            [pgbouncer]
            unix_socket_dir = \(directory)
            unix_socket_mode = 0777
            listen_port = 6432
            auth_type = trust
            auth_file = \(directory)/users
            auth_user = \(server.superuser)
            auth_query = SELECT rolname, '' FROM pg_catalog.pg_roles WHERE rolname = $1
            pool_mode = transaction
            default_pool_size = \(poolSize)
            max_client_conn = 200
            server_reset_query_always = 0
            """
        try write(configuration, to: "\(directory)/pgbouncer.ini")
        try write("\"\(server.superuser)\" \"\"\n", to: "\(directory)/users")
        let program = Pooler.program ?? ""
        let command =
            getuid() == 0
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program]
            : [program]
        let ending = try await run(
            .name(command[0]),
            arguments: Arguments(command.dropFirst() + ["-q", "\(directory)/pgbouncer.ini"]),
            input: .none,
            output: .discarded,
            error: .string(limit: 65_536)
        ) { pooler in
            while access("\(directory)/.s.PGSQL.6432", F_OK) != 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(Pooler(socketDirectory: directory)))
            } catch { result = .failure(error) }
            try pooler.send(signal: .terminate)
            return result
        }
        return try ending.closureResult.get()
    }
}

private func write(_ text: String, to path: String) throws {
    let file = try FileDescriptor.open(
        FilePath(path),
        .writeOnly,
        options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
    )
    _ = try file.closeAfter { try file.writeAll(text.utf8) }
}
