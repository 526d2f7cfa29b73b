import Glibc
import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test("Each statement of a string has its own result", arguments: TestServer.all)
    func results(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        let results = try connection.exchange([
            "CREATE TEMPORARY TABLE t (a integer, b text)",
            "INSERT INTO t VALUES (1, 'x;y'), (2, NULL), (3, '')",
            "SELECT b, a FROM t ORDER BY a DESC",
            "SELECT b FROM t WHERE a = 2",
            "SELECT FROM t WHERE false",
        ])
        #expect(
            results == [
                .succeeded(affected: nil, firstRow: []),
                .succeeded(affected: 3, firstRow: []),
                .succeeded(affected: 3, firstRow: ["", "3"]),
                .succeeded(affected: 1, firstRow: [nil]),
                .succeeded(affected: 0, firstRow: []),
            ]
        )
    }

    @Test("What follows a statement that failed is skipped", arguments: TestServer.all)
    func skipped(server: TestServer) async throws {
        let connection = try await server.makeDatabase(sql: "CREATE SEQUENCE s").connect()
        let results = try connection.exchange([
            "BEGIN", "SELECT 1", "SELECT 1 / 0", "SELECT nextval('s')", "ROLLBACK",
        ])
        #expect(results.count == 3)
        guard case .failed(let error) = try #require(results.last) else {
            Issue.record("the last result is \(results)")
            return
        }
        #expect(error.sqlState.code == "22012")
        #expect(connection.isInTransaction)
        try connection.execute("ROLLBACK")
        #expect(!connection.isInTransaction)
        #expect(try connection.execute("SELECT is_called FROM s") == [["f"]])
    }

    @Test("Queries sent together are read in their order, and the first failure is thrown")
    func queries() async throws {
        let connection = try await TestServer.any.makeDatabase().connect()
        var read: [Int: String?] = [:]
        let thrown = #expect(throws: PostgresError.self) {
            try connection.query(["SELECT 'a'", "SELECT 'b'", "SELECT nobody", "SELECT 'd'"]) {
                read[$0] = $1.text(0, 0)
            }
        }
        guard case .server(let error) = try #require(thrown) else {
            Issue.record("\(String(describing: thrown))")
            return
        }
        #expect(error.sqlState == .undefinedColumn)
        #expect(read == [0: "a", 1: "b"])
    }

    /// Ways to send something.
    enum Call: CaseIterable {
        case execute
        case exchange
        case query

        func send(over connection: Connection) throws(PostgresError) {
            switch self {
            case .execute: try connection.execute("SELECT 1")
            case .exchange: _ = try connection.exchange(["SELECT 1", "SELECT 2"])
            case .query: try connection.query(["SELECT 1", "SELECT 2"]) { _, _ in }
            }
        }
    }

    @Test(
        "A connection that was ended is lost, which is no answer of the server",
        arguments: TestServer.all,
        Call.allCases
    )
    func lost(server: TestServer, call: Call) async throws {
        let database = try await server.makeDatabase()
        let connection = try database.connect()
        #expect(connection.answers && !connection.isLost)
        try database.execute("SELECT pg_terminate_backend(\(connection.backendPID))")
        try waitUntil {
            try database.rows(
                "SELECT FROM pg_stat_activity WHERE pid = \(connection.backendPID)"
            ).isEmpty
        }
        let first = #expect(throws: PostgresError.self) { try call.send(over: connection) }
        #expect(first?.isConnectionLost == true)
        let second = #expect(throws: PostgresError.self) { try call.send(over: connection) }
        #expect(second?.isConnectionLost == true)
        #expect(!connection.answers)
    }

    @Test(
        "A connection that is ended in the middle of a statement is lost",
        arguments: Call.allCases
    )
    func lostInTheMiddle(call: Call) async throws {
        let connection = try await TestServer.any.makeDatabase().connect()
        let suicide = "SELECT pg_terminate_backend(\(connection.backendPID)), pg_sleep(30)"
        let thrown = #expect(throws: PostgresError.self) {
            switch call {
            case .execute: try connection.execute(suicide)
            case .exchange: _ = try connection.exchange(["SELECT 1", suicide, "SELECT 2"])
            case .query: try connection.query(["SELECT 1", suicide]) { _, _ in }
            }
        }
        #expect(thrown?.isConnectionLost == true)
    }

    @Test("A canceller interrupts a statement from another thread", arguments: TestServer.all)
    func canceller(server: TestServer) async throws {
        let database = try await server.makeDatabase()
        let (connections, announcement) = AsyncStream<(Canceller, Int32)>.makeStream()
        let lane = Lane()
        let sleeper = Task(executorPreference: lane) {
            let connection = try database.connect()
            announcement.yield((connection.canceller(), connection.backendPID))
            announcement.finish()
            return try connection.exchange(["SELECT pg_sleep(600)", "SELECT 1"])
        }
        for await (canceller, process) in connections {
            try waitUntil {
                try database.rows(
                    "SELECT wait_event FROM pg_stat_activity WHERE pid = \(process)"
                ) == [["PgSleep"]]
            }
            #expect(canceller.cancel())
        }
        let results = try await sleeper.value
        lane.stop()
        guard results.count == 1, case .failed(let error) = results[0] else {
            Issue.record("the statement was not interrupted: \(results)")
            return
        }
        #expect(error.sqlState == .queryCanceled)
    }

    @Test("The server knows the connection as pgsmoke's, and it speaks UTF-8")
    func applicationName() async throws {
        let connection = try await TestServer.any.makeDatabase().connect()
        #expect(try connection.execute("SHOW application_name") == [["pgsmoke"]])
        #expect(try connection.execute("SHOW client_encoding") == [["UTF8"]])
    }

    @Test("Version and process are what the server says", arguments: TestServer.all)
    func facts(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        #expect(connection.serverVersion / 10_000 == server.major)
        #expect(
            try connection.execute("SELECT pg_backend_pid()") == [["\(connection.backendPID)"]]
        )
    }

    @Test("What functions say as a NOTICE or a WARNING is not printed")
    func notices() async throws {
        let connection = try await TestServer.any.makeDatabase().connect()
        let printed = try await standardError {
            try connection.execute(
                """
                DO $$ BEGIN
                    RAISE NOTICE 'a notice for nobody';
                    RAISE WARNING 'a warning for nobody';
                END $$
                """
            )
            let line = Array("the catch works\n".utf8)
            write(STDERR_FILENO, line, line.count)
        }
        #expect(printed.contains("the catch works"))
        #expect(!printed.contains("for nobody"))
    }

    /// Returns what is written to stderr while `body` runs, and passes it on afterwards.
    private func standardError(while body: () throws -> Void) async throws -> String {
        try await withTemporaryDirectory { directory in
            let file = open("\(directory)/stderr", O_RDWR | O_CREAT, 0o600)
            let usual = dup(STDERR_FILENO)
            dup2(file, STDERR_FILENO)
            defer {
                close(file)
                close(usual)
            }
            let result = Result { try body() }
            dup2(usual, STDERR_FILENO)
            try result.get()
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = max(0, pread(file, &bytes, bytes.count, 0))
            write(STDERR_FILENO, bytes, count)
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
    }
}

extension PostgresError {
    var isConnectionLost: Bool { if case .connectionLost = self { true } else { false } }
}

/// Waits until the condition holds, which must be within half a minute.
///
/// It keeps its thread meanwhile: the thread pool is busy with other tests, and would not come back
/// in time.
func waitUntil(_ holds: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !holds() {
        try #require(ContinuousClock.now < deadline, "what was waited for did not come about")
        usleep(10_000)
    }
}
