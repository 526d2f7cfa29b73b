import Foundation
import TestSupport
import Testing

/// However many partitions and rows there are, a run takes few locks and reads few rows.
struct ManyPartitionsTests {
    @Test("No process holds more than 50 locks, and big parents are not scanned")
    func locksAndScans() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase()
        // Each statement for itself: in one transaction the locks of all would be held.
        for sql in [
            "CREATE ROLE \(app) LOGIN",
            """
            CREATE TABLE root (id int NOT NULL, part int NOT NULL, PRIMARY KEY (id, part))
                PARTITION BY LIST (part)
            """,
            """
            DO $$ BEGIN FOR n IN 1..150 LOOP
                EXECUTE format('CREATE TABLE p%s PARTITION OF root FOR VALUES IN (%s)', n, n);
            END LOOP; END $$
            """,
            """
            CREATE TABLE child (id int NOT NULL, part int NOT NULL,
                FOREIGN KEY (id, part) REFERENCES root)
            """,
            """
            DO $$ BEGIN FOR n IN 1..100 LOOP
                EXECUTE format('CREATE TABLE parent%s (id int PRIMARY KEY)', n);
                EXECUTE format('CREATE TABLE child%s (id int NOT NULL REFERENCES parent%s)', n, n);
            END LOOP; END $$
            """,
            "CREATE TABLE big (id bigint PRIMARY KEY, code text UNIQUE)",
            "INSERT INTO big SELECT n FROM generate_series(1, 50000) AS n",
            "CREATE TABLE of_big (id bigint NOT NULL REFERENCES big)",
            "CREATE TABLE of_code (code text NOT NULL REFERENCES big (code))",
            "GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app)",
            "SELECT pg_stat_reset()",
        ] { try database.execute(sql) }
        let most = HighestCount()
        let sampler = Interruption(0) {
            let held = try database.rows(
                """
                SELECT max(n) FROM (
                    SELECT count(*) AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                     WHERE a.application_name = 'pgsmoke' AND a.datname = current_database()
                       AND l.locktype = 'relation'
                     GROUP BY l.pid) AS held
                """
            )
            await most.take(held[0][0].flatMap { Int($0) } ?? 0)
            return false
        }
        let run = try await ReportedRun.of(database, ["--role", app], interruption: sampler)
        #expect(run.report.counts["passed"] == 205, "\(run.report.counts)")
        let held = await most.value
        #expect((1...50).contains(held))
        let scanned = try database.rows(
            "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables"
        )
        #expect((scanned[0][0].flatMap { Int($0) } ?? .max) < 1_000)
    }
}

private actor HighestCount {
    private(set) var value = 0

    func take(_ count: Int) { value = max(value, count) }
}
