package import Cluster
internal import Glibc

/// A PostgreSQL version to test on, as a private server that all tests of the process share.
///
/// It starts when the first test wants it and goes with the process.
package struct TestServer: Sendable, Hashable, CustomStringConvertible {
    /// The programs, to start a server of one's own with.
    package let binaries: ServerBinaries

    /// The major version, 15 for 15.4.
    package var major: Int { binaries.major }

    package var description: String { "PostgreSQL \(major)" }

    /// Every version to test on, the oldest first.
    ///
    /// `PGSMOKE_TEST_SERVERS` names them as `15=/path/to/bin:18=/path/to/bin`; without it there is
    /// the one that `ServerBinaries` finds.
    package static let all: [TestServer] = {
        let list = environment["PGSMOKE_TEST_SERVERS"] ?? ""
        do {
            guard !list.isEmpty else {
                return [TestServer(binaries: try ServerBinaries.find(environment: environment))]
            }
            return try list.split(separator: ":").map { entry in
                let directory = entry.split(separator: "=").last ?? ""
                return TestServer(binaries: try ServerBinaries(in: String(directory)))
            }.sorted { $0.major < $1.major }
        } catch {
            fatalError("\(error)")
        }
    }()

    /// One of the versions, for tests to which the version does not matter.
    package static var any: TestServer { all[0] }

    /// The newest version, for what the oldest does not have yet.
    package static var newest: TestServer { all[all.count - 1] }

    /// Returns the running server.
    package func running() async throws -> PrivateServer {
        try await RunningServers.shared.server(for: self)
    }

    /// Makes a database of its own for a test and runs the script in it as the superuser.
    package func makeDatabase(sql: String = "") async throws -> TestDatabase {
        try await running().makeDatabase(sql: sql)
    }
}

/// Returns a role's name that no other test of the process uses: roles belong to the whole server.
package func uniqueRoleName(_ stem: String) -> String { unique(stem) }

/// The variables of this process's environment.
let environment: [String: String] = {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let parts = String(cString: entry).split(separator: "=", maxSplits: 1)
        if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        next += 1
    }
    return variables
}()
