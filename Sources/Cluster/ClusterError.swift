/// Why no throw-away server came about, as one sentence and, where there is one, a hint.
package enum ClusterError: Error, Sendable, Hashable, CustomStringConvertible {
    case noServerFound
    case notAServer(directory: String)
    /// What `initdb` or the server printed before it gave up.
    case startFailed(log: String)

    package var description: String {
        switch self {
        case .noServerFound:
            """
            No PostgreSQL server was found on this machine; install one (Debian and Ubuntu: \
            apt-get install postgresql, Fedora: dnf install postgresql-server, macOS: brew \
            install postgresql@18) or name its bin directory in PGSMOKE_PG_BINDIR.
            """
        case .notAServer(let directory):
            """
            The directory \(directory) does not hold a PostgreSQL server that runs here; name the \
            one with initdb and postgres in it, which pg_config --bindir prints.
            """
        case .startFailed(let log):
            "The private PostgreSQL server did not start; it said: \(log)"
        }
    }
}
