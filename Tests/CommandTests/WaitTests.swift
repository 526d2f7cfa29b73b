import Cluster
import Foundation
import TestSupport
import Testing

/// `--wait` for a server that takes no connections yet.
struct WaitTests {
    @Test("A server that comes up in time is used, and the waiting takes one line")
    func comesUp() async throws {
        let port = freePort()
        let options = ServerOptions(
            accessRules: ["host all all 127.0.0.1/32 trust"],
            tcpPort: port
        )
        let arguments = [
            "-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "--wait", "50",
        ]
        let command = try await withThrowingTaskGroup(of: CommandRun?.self) { group in
            group.addTask { try await CommandRun.of(arguments) }
            group.addTask {
                try await Task.sleep(for: .seconds(1))
                // It lives as long as nobody cancels.
                return try await withServer(of: TestServer.any.binaries, options: options) { _ in
                    try? await Task.sleep(for: .seconds(60))
                    return nil
                }
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            return try #require(first)
        }
        // Nobody may insert anywhere in an empty database.
        #expect(command.status == 3, "\(command.standardOutput)\(command.standardError)")
        let lines = command.standardError.split(separator: "\n")
        #expect(lines.count { $0.contains("waiting for the server") } == 1)
    }

    @Test("When the time is over it is exit 2 with the last reason")
    func comesNever() async throws {
        let start = ContinuousClock.now
        let command = try await CommandRun.of([
            "-h", "127.0.0.1", "-p", String(freePort()), "--wait", "2",
        ])
        #expect(command.status == 2)
        #expect(command.standardOutput.contains("127.0.0.1"))
        #expect(ContinuousClock.now - start > .seconds(2))
    }

    @Test("What waiting cannot cure is told at once")
    func incurable() async throws {
        let options = ServerOptions(accessRules: ["local all guarded scram-sha-256"])
        try await withServer(of: TestServer.any.binaries, options: options) { server in
            let database = TestDatabase(on: server)
            try database.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
            let start = ContinuousClock.now
            let wrong = try await CommandRun.of(
                database.options(as: "guarded") + ["--wait", "60"],
                environment: ["PGPASSWORD": "wrong"]
            )
            #expect(wrong.status == 2)
            let unknown = TestDatabase("no_such_database", on: server).options()
            #expect(try await CommandRun.of(unknown + ["--wait", "60"]).status == 2)
            let malformed = ["-d", "jdbc:postgresql://h/d?x=1", "--wait", "60"]
            #expect(try await CommandRun.of(malformed).status == 64)
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test("A signal ends the waiting")
    func interrupted() async throws {
        let command = try await CommandRun.of(
            ["-h", "127.0.0.1", "-p", String(freePort()), "--wait", "60"],
            interruption: Interruption(SIGTERM, after: .seconds(1))
        )
        #expect(command.status == 128 + SIGTERM)
    }
}
