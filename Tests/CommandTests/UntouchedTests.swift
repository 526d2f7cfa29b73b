import Foundation
import Postgres
import TestSupport
import Testing

/// Rows and tables of a database at work are neither changed, nor locked, nor read from end to end.
struct UntouchedTests {
    /// A run while `look` is taken again and again over another connection, until it is true.
    private func run(
        _ database: TestDatabase,
        _ arguments: [String],
        meanwhile look: @escaping @Sendable () async throws -> Bool
    ) async throws -> ReportedRun {
        try await ReportedRun.of(database, arguments, interruption: Interruption(0, when: look))
    }

    @Test(
        "What only the catalog decides takes no lock, though a reader is at work",
        arguments: TestServer.all
    )
    func decidedWithoutLock(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let owner = uniqueRoleName("owner")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(owner);
                CREATE TABLE t (id serial PRIMARY KEY);
                ALTER TABLE t OWNER TO \(owner);
                CREATE SEQUENCE s;
                GRANT SELECT ON t TO \(app);
                GRANT UPDATE ON SEQUENCE s TO \(app);
                """
        )
        let before = try database.fingerprint()
        let reader = try database.connect()
        try reader.execute("BEGIN")
        try reader.execute("SELECT FROM t")
        let operations = "truncate, drop, setval, maintain, references, trigger, create"
        let seen = Flag()
        let start = ContinuousClock.now
        let run = try await withSettings(
            """
            roles:
              \(app): { deny: [\(operations)] }
              \(owner): { allow: [\(operations)] }
            """
        ) { file in
            try await self.run(database, ["-c", file, "--lock-timeout", "60s"]) {
                let locks = try database.rows(
                    """
                    SELECT l.mode, l.granted FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
                     WHERE a.application_name = 'pgsmoke' AND a.datname = current_database()
                       AND (NOT l.granted
                            OR l.relation >= 16384 AND l.mode NOT IN ('AccessShareLock'))
                    """
                )
                if !locks.isEmpty { await seen.raise() }
                return false
            }
        }
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(await !seen.isRaised)
        let trials = run.report.trials
        #expect(trials.count == 17)
        #expect(trials.allSatisfy { $0.decidedBy == "catalog" }, "\(trials)")
        let failed = trials.filter { $0.verdict == "failed" }.map(\.name)
        // The first without CREATE since it does not own the schema; on 15 and later nobody has it.
        #expect(failed.contains("setval public.s as \(app) is denied"))
        #expect(!failed.contains { $0.hasPrefix("truncate") || $0.hasPrefix("drop public.t") })
        try reader.execute("ROLLBACK")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    private func family(_ app: String) -> String {
        """
        CREATE ROLE \(app);
        CREATE TABLE parent (id int PRIMARY KEY, name text);
        CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent ON DELETE CASCADE);
        CREATE INDEX ON child (parent);
        INSERT INTO parent VALUES (1, 'live');
        INSERT INTO child SELECT n, 1 FROM generate_series(1, 100000) AS n;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1); RETURN coalesce(NEW, OLD); END $$;
        GRANT SELECT, UPDATE, DELETE ON parent TO \(app);
        """
    }

    @Test(
        "A live parent with 100,000 children is neither deleted nor locked",
        arguments: TestServer.all
    )
    func liveParent(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase(
            sql: family(app) + """
                CREATE TRIGGER slow AFTER DELETE OR UPDATE ON parent
                    FOR EACH ROW EXECUTE FUNCTION slow();
                """
        )
        let before = try database.fingerprint()
        let looks = Counter()
        let run = try await run(
            database,
            ["--role", app, "--operations", "update,delete", "-t", "parent"]
        ) {
            guard try !database.sleepers().isEmpty else { return false }
            // NOWAIT raises an error for any row that somebody has locked.
            let free = try database.rows(
                """
                SELECT count(*) FROM (
                    SELECT FROM parent, LATERAL (SELECT FROM child FOR UPDATE NOWAIT) AS children
                       FOR UPDATE OF parent NOWAIT) AS rows
                """
            )
            #expect(free == [["100000"]])
            await looks.count()
            return false
        }
        #expect(run.report.trials.map(\.verdict) == ["passed", "passed"], "\(run.report.trials)")
        #expect(await looks.value > 0)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("Where no row of our own can be put in place, a live parent is not deleted in its stead")
    func liveParentInstead() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: family(app) + """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'closed'; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON parent
                    FOR EACH ROW EXECUTE FUNCTION refuse();
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'a live row was deleted'; END $$;
                CREATE TRIGGER note BEFORE DELETE ON child
                    FOR EACH ROW EXECUTE FUNCTION note();
                """
        )
        let before = try database.fingerprint()
        let arguments = ["--role", app, "--operations", "update,delete", "-t", "parent"]
        let run = try await ReportedRun.of(database, arguments)
        #expect(run.report.trials.map(\.verdict) == ["passed", "inconclusive"])
        let reason = run.report.trials.last?.reason ?? ""
        #expect(reason.contains("only the privileges were tried"), "\(reason)")
        #expect(!reason.contains("live row"))
        // The privileges are tried all the same.
        try database.execute("REVOKE DELETE ON parent FROM \(app)")
        let poorer = try await ReportedRun.of(database, arguments)
        #expect(poorer.report.trials.map(\.verdict) == ["passed", "failed"])
        try database.execute("GRANT DELETE ON parent TO \(app)")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("A delete that would read a million rows is skipped and said", arguments: TestServer.all)
    func slowDelete(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let reader = uniqueRoleName("reader")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(reader);
                CREATE TABLE parent (id int PRIMARY KEY);
                CREATE TABLE child (parent int REFERENCES parent);
                CREATE TABLE other (id int PRIMARY KEY);
                CREATE TABLE indexed (parent int REFERENCES other);
                CREATE INDEX ON indexed (parent);
                GRANT SELECT, UPDATE, DELETE ON parent, other TO \(app);
                UPDATE pg_class SET reltuples = 2e6 WHERE relname IN ('child', 'indexed');
                """
        )
        let run = try await withSettings(
            """
            roles:
              \(app): { operations: [update, delete] }
              \(reader): { deny: [delete] }
            """
        ) { try await ReportedRun.of(database, ["-c", $0, "-t", "parent", "-t", "other"]) }
        let skipped = try #require(run.report.trial("delete public.parent as \(app)"))
        #expect(skipped.verdict == "skipped")
        #expect(skipped.reason?.contains("public.child") ?? false)
        let others = run.report.trials.filter { $0.name != skipped.name }
        #expect(others.count == 5)
        #expect(others.allSatisfy { $0.verdict == "passed" }, "\(others)")
    }

    @Test("Statements on a root of 300 partitions lock few of them", arguments: TestServer.all)
    func partitions(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase()
        for sql in [
            "CREATE ROLE \(app)",
            """
            CREATE TABLE keyed (id int, part int, name text, PRIMARY KEY (id, part))
                PARTITION BY LIST (part)
            """,
            "CREATE TABLE keyless (part int NOT NULL, name text) PARTITION BY LIST (part)",
            """
            DO $$ BEGIN FOR n IN 1..300 LOOP
                EXECUTE format('CREATE TABLE keyed_%s PARTITION OF keyed FOR VALUES IN (%s)', n, n);
                EXECUTE format('CREATE TABLE keyless_%s PARTITION OF keyless FOR VALUES IN (%s)', n, n);
            END LOOP; END $$
            """,
            "GRANT SELECT, INSERT, UPDATE, DELETE ON keyed, keyless TO \(app)",
        ] { try database.execute(sql) }
        let most = Counter()
        let run = try await run(
            database,
            [
                "--role", app, "--operations",
                "insert-returning,upsert,copy,select,update,delete,select-for-update",
            ]
        ) {
            let held = try database.rows(
                """
                SELECT coalesce(max(n), 0) FROM (
                    SELECT count(*) AS n FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
                     WHERE a.application_name = 'pgsmoke' AND a.datname = current_database()
                       AND l.locktype = 'relation'
                     GROUP BY l.pid) AS held
                """
            )
            await most.raise(to: held[0][0].flatMap { Int($0) } ?? 0)
            return false
        }
        #expect(run.report.trials.count == 13)
        #expect(run.report.trials.allSatisfy { $0.verdict == "passed" }, "\(run.report.trials)")
        #expect(await most.value <= 60)
    }
}

/// Whether something was seen that must not be.
private actor Flag {
    private(set) var isRaised = false

    func raise() { isRaised = true }
}

private actor Counter {
    private(set) var value = 0

    func count() { value += 1 }
    func raise(to least: Int) { value = max(value, least) }
}

/// Lends the path of a settings file with the text.
func withSettings<Value: Sendable>(
    _ text: String,
    _ body: (String) async throws -> Value
) async throws -> Value {
    try await withTemporaryDirectory { folder in
        let file = "\(folder)/pgsmoke.yml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try await body(file)
    }
}
