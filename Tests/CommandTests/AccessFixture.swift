import Cluster
import Foundation
import TestSupport

/// `fixtures/access`: every kind of object, and every way by which a privilege comes to a role, on a
/// server of its own, so that roles have the same names in every run.
enum AccessFixture {
    static func with<Value: Sendable>(
        _ server: TestServer,
        body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        try await withServer(of: server.binaries) { running in
            let database = try running.makeDatabase()
            for script in try scripts(until: server.major) { try database.execute(script) }
            try database.execute(
                """
                ALTER DATABASE \(database.name) OWNER TO dba;
                REVOKE CONNECT ON DATABASE \(database.name) FROM PUBLIC;
                GRANT CONNECT ON DATABASE \(database.name) TO staff;
                """
            )
            return try await body(database)
        }
    }

    private static func scripts(until major: Int) throws -> [String] {
        let versions = [("", 13), ("-14", 14), ("-15", 15), ("-16", 16), ("-17", 17)]
        return try versions.filter { $0.1 <= major }.map { suffix, _ in
            try String(
                contentsOf: repository.appending(path: "fixtures/access/objects\(suffix).sql"),
                encoding: .utf8
            )
        }
    }
}
