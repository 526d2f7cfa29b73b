import Cluster
import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Trials that are sent ahead, many in one transaction, come to what each comes to by itself.
@Suite(.timeLimit(.minutes(10))) struct SentAheadTests {
    /// Forty tables of which most are plain, with everything between them that is not: closed tables
    /// and sequences, rows that are hard to find or cannot be, code, row security, views.
    private func mixed(
        _ server: TestServer = .any
    ) async throws -> (TestDatabase, app: String) {
        let app = uniqueRoleName("app")
        return (try mixed(on: try await server.running(), app), app)
    }

    private func mixed(on server: PrivateServer, _ app: String) throws -> TestDatabase {
        try server.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                DO $$
                BEGIN
                    FOR n IN 1..40 LOOP
                        EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, %s, v text)', n,
                            CASE WHEN n % 3 = 0 THEN format('p int NOT NULL REFERENCES t%s', n - 1)
                                ELSE 'p int' END);
                    END LOOP;
                END
                $$;
                CREATE TABLE hard (a int NOT NULL, b int NOT NULL, CHECK (a > 40 AND b < 50 AND a + 3 = b));
                CREATE TABLE never (n int NOT NULL CHECK (n > 1 AND n < 1));
                CREATE TABLE coded (id serial PRIMARY KEY);
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO t1 DEFAULT VALUES; RETURN NEW; END $$;
                CREATE TRIGGER note BEFORE INSERT ON coded FOR EACH ROW EXECUTE FUNCTION note();
                CREATE TABLE broken (id serial PRIMARY KEY);
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM 1 FROM gone; RETURN NEW; END $$;
                CREATE TRIGGER fail AFTER INSERT ON broken FOR EACH ROW EXECUTE FUNCTION fail();
                CREATE TABLE secured (id int NOT NULL);
                ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
                CREATE TABLE late (id serial PRIMARY KEY,
                    u int UNIQUE DEFERRABLE INITIALLY DEFERRED);
                CREATE VIEW shown AS SELECT * FROM t1;
                CREATE TABLE parts (id serial, at date NOT NULL) PARTITION BY RANGE (at);
                CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
                CREATE TABLE keyless (v text);
                CREATE SEQUENCE shared;
                CREATE TABLE shared_1 (id int PRIMARY KEY DEFAULT nextval('shared'));
                CREATE TABLE shared_2 (id int PRIMARY KEY DEFAULT nextval('shared'));
                INSERT INTO t7 (v) VALUES ('a'), ('b');
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                REVOKE INSERT ON t4, t25 FROM \(app);
                REVOKE UPDATE, DELETE ON t11 FROM \(app);
                REVOKE SELECT ON t31 FROM \(app);
                REVOKE ALL ON SEQUENCE t19_id_seq, t40_id_seq FROM \(app);
                """
        )
    }

    /// Tables with nothing but a serial column, `t1` and so on.
    private func plainTables(_ count: Int) -> String {
        (1...count).map { "CREATE TABLE t\($0) (id serial);" }.joined(separator: " ")
    }

    private let operations = [
        "--operations", "insert,insert-returning,upsert,select,update,delete",
    ]

    private func ended(_ database: TestDatabase) throws -> Int {
        let rows = try database.rows(
            "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
        return rows[0][0].flatMap { Int($0) } ?? 0
    }

    @Test(
        "Alone in the database or not, on one lane or many: the same report",
        arguments: TestServer.all
    )
    func sameReport(server: TestServer) async throws {
        let (database, app) = try await mixed(server)
        let before = try database.fingerprint()
        let options = database.options() + ["--role", app] + operations
        let alone = try await CommandRun.of(options + ["--json", "-", "-j", "1"])
        #expect(alone.status == 1)
        let many = try await CommandRun.of(options + ["--json", "-", "-j", "8"])
        #expect(timeless(many.standardOutput) == timeless(alone.standardOutput))
        let other = try database.connect()
        try other.execute("SELECT 1")
        let besides = try await CommandRun.of(options + ["--json", "-", "-j", "3"])
        #expect(timeless(besides.standardOutput) == timeless(alone.standardOutput))
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("What is sent ahead comes to what it comes to alone")
    func sameVerdicts() async throws {
        let (database, app) = try await mixed()
        let options = ["--role", app] + operations
        let all = try await ReportedRun.of(database, options)
        for table in ["t4", "t6", "t7", "t11", "t19", "t31", "hard", "late", "parts", "keyless"] {
            let one = try await ReportedRun.of(database, options + ["-t", table])
            let same = all.report.trials.filter { $0.object.name == table }
            #expect(one.report.trials.count >= 5)
            #expect(one.report.trials.map(outcome) == same.map(outcome))
        }
        let failed = all.report.trials.filter { $0.verdict == "failed" }.map(\.object.name)
        #expect(
            Set(failed) == ["t4", "t25", "t11", "t31", "t19", "t40", "broken", "secured"]
        )
        let doubtful = all.report.trials.filter {
            $0.operation == "insert" && $0.verdict == "inconclusive"
        }
        #expect(Set(doubtful.map(\.object.name)) == ["never"])
        #expect(all.report.counts["error"] == 0)
    }

    @Test(
        "Signals in the middle of a shared transaction leave nothing behind",
        arguments: [SIGINT, SIGTERM, SIGKILL]
    )
    func interrupted(signal: Int32) async throws {
        let (database, app) = try await mixed()
        // A check is no code that is seen to run: the table goes along with the others.
        try database.execute(
            """
            CREATE FUNCTION dozes() RETURNS bool LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(0.08); RETURN true; END $$;
            DO $d$ BEGIN
                FOR n IN 5..18 LOOP EXECUTE format('ALTER TABLE t%s ADD CHECK (dozes())', n); END LOOP;
            END $d$;
            """
        )
        let before = try database.fingerprint()
        let isDozing = Interruption(signal) { try !database.sleepers().isEmpty }
        let run = try await CommandRun.of(
            database.options() + ["--role", app, "-j", "1"],
            interruption: isDozing
        )
        #expect(run.status == 128 + signal)
        try database.endOtherSessions()
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "Where buffers are large and trials go back together: the same, with fewer ways back",
        arguments: TestServer.all
    )
    func goesBackTogether(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        // The row of one table's trial is nothing that another's check may find.
        let finding = """
            CREATE TABLE found (id serial PRIMARY KEY);
            CREATE FUNCTION finds() RETURNS bool LANGUAGE sql SECURITY DEFINER AS
            $$ SELECT EXISTS (TABLE public.found) $$;
            CREATE TABLE found_later (id serial, v int CHECK (finds()));
            CREATE FUNCTION finds(int, int) RETURNS bool LANGUAGE sql SECURITY DEFINER AS
            $$ SELECT EXISTS (TABLE public.found) $$;
            CREATE OPERATOR ===> (FUNCTION = finds, LEFTARG = int, RIGHTARG = int);
            CREATE DOMAIN finding AS int CHECK (finds(VALUE, 1));
            CREATE TYPE findings AS (one finding);
            CREATE TABLE found_by_sign (id serial, v int NOT NULL CHECK (v ===> 1));
            CREATE TABLE found_inside (id serial, v findings NOT NULL);
            GRANT INSERT ON found_by_sign, found_inside TO \(app);
            GRANT USAGE ON SEQUENCE found_by_sign_id_seq, found_inside_id_seq TO \(app);
            CREATE TABLE twice (id serial PRIMARY KEY, other int REFERENCES found);
            GRANT INSERT ON found, found_later, twice TO \(app);
            GRANT USAGE ON SEQUENCE found_id_seq, found_later_id_seq, twice_id_seq TO \(app);
            """
        let small = try mixed(on: try await server.running(), app)
        try small.execute(finding)
        let options = ["--role", app, "-j", "1"]
        let alone = try await ReportedRun.of(small, options)
        for name in ["found_later", "found_by_sign", "found_inside"] {
            let trial = alone.report.trial("insert public.\(name) as \(app)")
            #expect(trial?.verdict == "inconclusive", "\(name)")
        }
        let large = ServerOptions(settings: ["shared_buffers": "1GB", "log_statement": "all"])
        try await withServer(of: server.binaries, options: large) { server in
            let database = try mixed(on: server, app)
            try database.execute(finding)
            let before = try database.fingerprint()
            let shared = try await ReportedRun.of(database, options)
            #expect(shared.report.trials.map(outcome) == alone.report.trials.map(outcome))
            #expect(shared.report.counts["error"] == 0)
            #expect(
                shared.report.sequencesConsumed.map(\.sequence.name)
                    == alone.report.sequencesConsumed.map(\.sequence.name)
            )
            #expect(try database.fingerprint().difference(from: before) == [])
            let log = try String(contentsOfFile: server.logFile, encoding: .utf8)
            let together = log.matches(of: #/ IMMEDIATE;\n\s*SET LOCAL ROLE NONE;/#).count
            #expect(together > 20, "\(together)")
        }
    }

    private func outcome(_ trial: Report.Trial) -> [String?] {
        [trial.name, trial.verdict, trial.type, trial.reason, trial.stage, trial.sqlstate]
            + trial.cure.map(\.sql)
    }

    @Test("What is too slow to hold others up is tried again alone, with all its time")
    func slow() async throws {
        let (database, app) = try await mixed()
        try database.execute(
            """
            CREATE FUNCTION dozes() RETURNS bool LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(1.5); RETURN true; END $$;
            ALTER TABLE t30 ADD CHECK (dozes());
            """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-T", "(t4|t25|t19|t40|never|broken|secured)"]
        )
        #expect(run.command.status == 0)
        #expect(run.report.trial("insert public.t30 as \(app)")?.verdict == "passed")
        #expect(run.report.counts["error"] == 0)
        #expect(run.report.sequencesConsumed.map(\.sequence.name) == ["t30_id_seq"])
    }

    @Test("A table that ends its server process is an error, and those sent with it are not")
    func poison() async throws {
        let (database, app) = try await mixed()
        try database.execute(
            """
            CREATE FUNCTION ends() RETURNS bool LANGUAGE sql SECURITY DEFINER AS
            $$ SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()) $$;
            ALTER TABLE t30 ADD CHECK (ends());
            """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "-j", "1", "-t", "t*"])
        #expect(run.command.status == 2)
        let errors = run.report.trials.filter { $0.verdict == "error" }
        #expect(Set(errors.map(\.object.name)) == ["t30"])
        #expect(errors.first?.type == "pgsmoke.ConnectionLost")
        for trial in run.report.trials where trial.verdict == "skipped" {
            #expect(trial.reason == "the connection was lost before its turn")
        }
        #expect(run.report.trial("insert public.t1 as \(app)")?.verdict == "passed")
    }

    @Test("What one table draws from a sequence takes another past no row in its way")
    func sharedSequence() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SEQUENCE shared;
                CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('shared'));
                CREATE TABLE b (id int PRIMARY KEY DEFAULT nextval('shared'));
                INSERT INTO b VALUES (1);
                \(plainTables(14))
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "-j", "1"])
        #expect(run.report.trial("insert public.a as \(app)")?.verdict == "passed")
        #expect(run.report.trial("insert public.b as \(app)")?.type == "pgsmoke.SequenceBehind")
        #expect(run.report.counts["passed"] == 15)
    }

    @Test(
        "Where some sequences can be shielded and others not, nothing is lost",
        arguments: [1, 2, 4]
    )
    func mixedOwners(jobs: Int) async throws {
        let app = uniqueRoleName("app")
        let owner = uniqueRoleName("owner")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(owner);
                CREATE ROLE \(tester) LOGIN;
                GRANT \(app), \(owner) TO \(tester);
                DO $$ BEGIN
                    FOR n IN 1..60 LOOP
                        EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY)', n);
                        IF n % 2 = 0 THEN EXECUTE format('ALTER TABLE t%s OWNER TO \(owner)', n); END IF;
                    END LOOP;
                END $$;
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let arguments = ["--role", app, "--operations", "insert", "-j", String(jobs)]
        let run = try await ReportedRun.of(database, arguments, as: tester)
        #expect(run.command.status == 0)
        #expect(run.report.counts["passed"] == 60)
        #expect(run.report.trials.count == 60)
        // Those of the other owner; which of them were drawn from is a matter of what is theirs.
        #expect(run.report.sequencesConsumed.count == 30)
    }

    @Test(
        "Who may not see whether others are connected tries each relation by itself",
        arguments: [1, 3]
    )
    func unseenSessions(jobs: Int) async throws {
        let (database, app) = try await mixed()
        let tester = uniqueRoleName("tester")
        try database.execute(
            """
            CREATE ROLE \(tester) LOGIN;
            GRANT \(app) TO \(tester);
            REVOKE SELECT ON pg_catalog.pg_stat_activity FROM PUBLIC;
            """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-j", String(jobs), "-t", "t*"],
            as: tester
        )
        #expect(run.report.counts["error"] == 0)
        #expect(run.report.trials.allSatisfy { $0.operation != "connect" })
        #expect(run.report.trial("insert public.t1 as \(app)")?.verdict == "passed")
    }

    @Test("Alone in the database, tables share a transaction; with others in it, each has its own")
    func sharedTransactions() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                \(plainTables(200))
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        func transactions(besides others: Int) async throws -> Int {
            let before = try ended(database)
            let run = try await ReportedRun.of(database, ["--role", app, "-j", "1"])
            #expect(run.report.counts["passed"] == 200)
            #expect(run.report.sequencesConsumed.isEmpty)
            // A session tells the statistics of its transactions when it ends.
            let sessions = "SELECT FROM pg_stat_activity WHERE datname = current_database()"
            for _ in 0..<500 where try database.rows(sessions).count > others + 1 {
                try await Task.sleep(for: .milliseconds(10))
            }
            return try ended(database) - before
        }
        #expect(try await transactions(besides: 0) < 60)
        let other = try database.connect()
        try other.execute("SELECT 1")
        #expect(try await transactions(besides: 1) >= 200)
    }
}
