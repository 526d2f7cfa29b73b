import Postgres
import TestSupport
import Testing

@Suite struct LaneTests {
    @Test("Lanes that all wait for a lock stop neither each other nor anybody else")
    func blocked() async throws {
        let database = try await TestServer.any.makeDatabase()
        let holder = try database.connect()
        try holder.execute("SELECT pg_advisory_lock(1)")
        let lanes = (0..<16).map { _ in Lane() }
        let waiters = lanes.map { lane in
            Task(executorPreference: lane) {
                let connection = try database.connect()
                // Without threads of their own the lock would never be let go: then this fails.
                try connection.execute("SET lock_timeout = '20s'")
                return try connection.execute("SELECT pg_advisory_lock_shared(1), 'through'")
            }
        }
        try await eventually {
            try holder.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND objid = 1")
                == [["\(lanes.count)"]]
        }
        let free = Lane()
        let answer = try await Task(executorPreference: free) {
            try database.rows("SELECT 'free'")
        }.value
        #expect(answer == [["free"]])
        try holder.execute("SELECT pg_advisory_unlock(1)")
        for waiter in waiters {
            #expect(try await waiter.value.first?.last == "through")
        }
        for lane in lanes + [free] { lane.stop() }
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
