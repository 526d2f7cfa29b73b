import Postgres
import TestSupport
import Testing

@Suite struct LaneTests {
    @Test("Lanes that all wait for a lock stop neither each other nor anybody else")
    func blocked() async throws {
        let database = try await TestServer.any.makeDatabase()
        let driver = Lane()
        let answers = try await withTaskExecutorPreference(driver) {
            try await Self.answers(of: 16, waitingIn: database)
        }
        driver.stop()
        #expect(answers == ["free"] + Array(repeating: "through", count: 16))
    }

    /// Lets one lane ask something while others wait for a lock, then those.
    private static func answers(
        of count: Int,
        waitingIn database: TestDatabase
    ) async throws -> [String?] {
        let holder = try database.connect()
        try holder.execute("SELECT pg_advisory_lock(1)")
        let lanes = (0...count).map { _ in Lane() }
        let waiters = lanes.dropFirst().map { lane in
            Task(executorPreference: lane) {
                let connection = try database.connect()
                // Without threads of their own the lock would never be let go: then this fails.
                try connection.execute("SET lock_timeout = '1min'")
                return try connection.execute("SELECT 'through', pg_advisory_lock_shared(1)")
            }
        }
        try waitUntil {
            try holder.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = 1")
                == [["\(count)"]]
        }
        let free = Task(executorPreference: lanes[0]) { try database.rows("SELECT 'free'") }
        var answers = try await free.value.map { $0[0] }
        try holder.execute("SELECT pg_advisory_unlock(1)")
        for waiter in waiters { answers += try await waiter.value.map { $0[0] } }
        for lane in lanes { lane.stop() }
        return answers
    }

    @Test("A lane finishes what it was given before it ends")
    func finishes() async throws {
        let lane = Lane()
        let tasks = (0..<100).map { number in
            Task(executorPreference: lane) { number }
        }
        lane.stop()
        var numbers: [Int] = []
        for task in tasks { numbers.append(await task.value) }
        #expect(numbers == Array(0..<100))
    }
}
