import Cluster
import Glibc
import Postgres
import TestSupport
import Testing

@Suite("Nothing of a private server is left")
struct ServerEndTests {
    private let binaries = TestServer.any.binaries

    @Test("after an error, which comes through unchanged")
    func afterError() async throws {
        let witness = Witness()
        await #expect(throws: Witness.Failure.self) {
            try await withServer(of: binaries) { server in
                await witness.see(server)
                throw Witness.Failure()
            }
        }
        #expect(isGone(try #require(await witness.server)))
    }

    @Test("after cancellation, for whose end the server waits")
    func afterCancellation() async throws {
        let witness = Witness()
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await withServer(of: binaries) { server in
                await witness.see(server)
                continuation.finish()
                try? await Task.sleep(for: .seconds(60))
                try await Task.detached { try await Task.sleep(for: .milliseconds(300)) }.value
                #expect(isThere(server))
                _ = try TestDatabase(on: server).connect()
                throw Witness.Failure()
            }
        }
        for await _ in signals {}
        task.cancel()
        await #expect(throws: Witness.Failure.self) { try await task.value }
        #expect(isGone(try #require(await witness.server)))
    }

    @Test("when the task was cancelled before it began")
    func cancelledBefore() async throws {
        try await withTemporaryDirectory { directory in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await withServer(of: binaries, environment: ["TMPDIR": directory]) { _ in
                    try Task.checkCancellation()
                }
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(names(in: directory).isEmpty)
        }
    }

    @Test("after a crash of the server, whose backends die with it")
    func afterCrash() async throws {
        let server = try await withServer(of: binaries) { server in
            let database = TestDatabase(on: server)
            let connection = try database.connect()
            server.crash()
            #expect(throws: PostgresError.self) { _ = try connection.execute("SELECT 1") }
            return server
        }
        #expect(isGone(server))
    }

    @Test("after a signal to the command", arguments: [SIGINT, SIGTERM, SIGKILL])
    func afterSignal(signal: Int32) async throws {
        try await withTemporaryDirectory { directory in
            let run = try await CommandRun.of(
                ["demo"],
                environment: ["TMPDIR": directory],
                interruption: Interruption(signal) {
                    names(in: directory).contains { !names(in: "\(directory)/\($0)").isEmpty }
                }
            )
            #expect(run.status == 128 + signal)
            // The watchdog finishes what it is at, which takes its time where many tests run.
            let deadline = ContinuousClock.now + .seconds(60)
            while !names(in: directory).isEmpty, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(names(in: directory).isEmpty)
        }
    }
}

/// Remembers the server that a body saw.
private actor Witness {
    struct Failure: Error {}

    private(set) var server: PrivateServer?

    func see(_ server: PrivateServer) { self.server = server }
}
