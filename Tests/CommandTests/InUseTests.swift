import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// The longest wait of a live writer, until the run that it is watched during is over.
private final class WriterWatch: Sendable {
    private let state = Mutex((longest: Duration.zero, isDone: false))

    var longest: Duration { state.withLock { $0.longest } }
    var isDone: Bool { state.withLock { $0.isDone } }

    func note(_ wait: Duration) { state.withLock { $0.longest = max($0.longest, wait) } }
    func end() { state.withLock { $0.isDone = true } }
}

/// A database at work is not disturbed, and does not disturb.
struct InUseTests {
    private func shop(_ app: String) -> String {
        """
        CREATE ROLE \(app) LOGIN;
        CREATE TABLE a (id serial PRIMARY KEY, name text);
        CREATE TABLE b (id serial PRIMARY KEY, name text);
        CREATE TABLE c (id serial PRIMARY KEY, name text DEFAULT upper('x'));
        GRANT INSERT ON a, b, c TO \(app);
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
        """
    }

    @Test(
        "The shield gives way to an idle transaction that has inserted; no third writer waits for it",
        arguments: TestServer.all
    )
    func shieldGivesWay(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase(sql: shop(app))
        let idle = try database.connect()
        try idle.execute("BEGIN")
        try idle.execute("INSERT INTO a (name) VALUES ('idle')")
        let watch = WriterWatch()
        let run = try await withThrowingTaskGroup(of: ReportedRun?.self) { group in
            group.addTask {
                let writer = try database.connect()
                while !watch.isDone {
                    let start = ContinuousClock.now
                    try writer.execute("INSERT INTO a (name) VALUES ('live')")
                    let wait = ContinuousClock.now - start
                    watch.note(wait)
                    try await Task.sleep(for: .milliseconds(1))
                }
                return nil
            }
            group.addTask {
                defer { watch.end() }
                return try await ReportedRun.of(database, ["--role", app])
            }
            return try await group.reduce(nil) { $0 ?? $1 }
        }
        let report = try #require(run?.report)
        #expect(report.counts["passed"] == 3)
        let consumed = report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        #expect(consumed == ["a_id_seq 1"])
        // The promise to live writers, not a benchmark: far above it is a broken shield.
        #expect(watch.longest < .milliseconds(50))
        try idle.execute("ROLLBACK")
    }

    @Test("A row of a full table that somebody holds is let be at once")
    func heldRowOfFullTable() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE TABLE single (lock boolean PRIMARY KEY DEFAULT true CHECK (lock), at integer NOT NULL);
                INSERT INTO single VALUES (true, 1);
                CREATE TABLE pair (b boolean PRIMARY KEY);
                INSERT INTO pair VALUES (true), (false);
                GRANT INSERT ON single, pair TO \(app);
                """
        )
        let live = try database.connect()
        try live.execute("BEGIN")
        try live.execute("SELECT FROM single FOR SHARE")
        try live.execute("SELECT FROM pair WHERE NOT b FOR SHARE")
        let start = ContinuousClock.now
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--operations", "insert", "--lock-timeout", "300s"]
        )
        #expect(ContinuousClock.now - start < .seconds(100))
        let single = run.report.trial("insert public.single as \(app)")
        #expect(single?.verdict == "inconclusive")
        #expect(single?.reason?.hasPrefix("full:") ?? false)
        #expect(single?.stage == "checks and indexes")
        #expect(run.report.trial("insert public.pair as \(app)")?.verdict == "passed")
        try live.execute("ROLLBACK")
    }

    @Test(
        "With --sequences preserve a sequence in use is an error before the trial, and no value goes"
    )
    func preserve() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: shop(app))
        let idle = try database.connect()
        try idle.execute("BEGIN")
        try idle.execute("INSERT INTO a (name) VALUES ('idle')")
        let run = try await ReportedRun.of(database, ["--role", app, "--sequences", "preserve"])
        #expect(run.command.status == 2)
        let trial = try #require(run.report.trial("insert public.a as \(app)"))
        #expect(trial.verdict == "error")
        #expect(trial.type == "pgsmoke.Locked")
        #expect(run.report.counts["passed"] == 2)
        try idle.execute("ROLLBACK")
        #expect(try database.rows("SELECT last_value FROM a_id_seq") == [["1"]])
    }

    @Test(
        "Of a sequence in use that has few values left none is used up",
        arguments: TestServer.all
    )
    func scarce(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SEQUENCE up MAXVALUE 3;
                CREATE SEQUENCE down INCREMENT -2 MINVALUE -9 MAXVALUE -1 CACHE 3;
                CREATE SEQUENCE round MAXVALUE 3 CYCLE;
                CREATE SEQUENCE long;
                CREATE SEQUENCE used MAXVALUE 3;
                CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('up'));
                CREATE TABLE b (id int PRIMARY KEY DEFAULT nextval('down'));
                CREATE TABLE c (id int PRIMARY KEY DEFAULT nextval('round'));
                CREATE TABLE d (id int PRIMARY KEY DEFAULT nextval('long'));
                CREATE TABLE e (id int PRIMARY KEY DEFAULT nextval('used'));
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                SELECT setval('used', 3);
                """
        )
        let live = try database.connect()
        try live.execute("BEGIN")
        for table in ["a", "b", "c", "d"] {
            try live.execute("INSERT INTO \(table) DEFAULT VALUES")
        }
        try live.execute("SAVEPOINT s")
        _ = try? live.execute("INSERT INTO e DEFAULT VALUES")
        try live.execute("ROLLBACK TO s")
        let states = "SELECT last_value FROM up UNION ALL SELECT last_value FROM down"
        let before = try database.rows(states)
        let run = try await ReportedRun.of(database, ["--role", app, "--operations", "insert"])
        #expect(run.command.status == 2)
        for (table, sequence, left) in [("a", "up", "2 values"), ("b", "down", "2 values")] {
            let trial = try #require(run.report.trial("insert public.\(table) as \(app)"))
            #expect(trial.type == "pgsmoke.Locked", "\(trial)")
            #expect(trial.reason?.contains("public.\(sequence) is in use") ?? false, "\(trial)")
            #expect(trial.reason?.contains("only \(left) left") ?? false, "\(trial)")
        }
        #expect(run.report.trial("insert public.c as \(app)")?.verdict == "passed")
        #expect(run.report.trial("insert public.d as \(app)")?.verdict == "passed")
        // One that has nothing left has nothing to lose.
        let used = run.report.trial("insert public.e as \(app)")
        #expect(used?.type == "pgsmoke.SequenceExhausted", "\(String(describing: used))")
        #expect(try database.rows(states) == before)
        try live.execute("ROLLBACK")
    }

    @Test(
        "A row just ahead of its sequence is in nobody's way: no trial draws what another has drawn",
        arguments: TestServer.all
    )
    func rowAhead(server: TestServer) async throws {
        let (app, other) = (uniqueRoleName("app"), uniqueRoleName("other"))
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(other);
                CREATE TABLE t (id serial PRIMARY KEY, note text);
                INSERT INTO t VALUES (2);
                GRANT INSERT, SELECT ON t TO \(app), \(other);
                GRANT USAGE ON SEQUENCE t_id_seq TO \(app), \(other);
                """
        )
        let before = try database.fingerprint()
        let operations = ["--operations", "insert,insert-returning,copy"]
        let run = try await ReportedRun.of(database, ["--role", app, "--role", other] + operations)
        #expect(run.report.counts["passed"] == 6, "\(run.report.trials)")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "A table that somebody holds locked is an error; the others go on",
        arguments: TestServer.all
    )
    func locked(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase(sql: shop(app))
        let holder = try database.connect()
        try holder.execute("BEGIN")
        try holder.execute("LOCK TABLE c IN ACCESS EXCLUSIVE MODE")
        let run = try await ReportedRun.of(database, ["--role", app, "--lock-timeout", "200ms"])
        #expect(run.command.status == 2)
        let trial = try #require(run.report.trial("insert public.c as \(app)"))
        #expect(trial.verdict == "error")
        #expect(trial.type == "pgsmoke.Locked")
        #expect(trial.sqlstate == "55P03")
        #expect(run.report.counts["passed"] == 2)
        try holder.execute("ROLLBACK")
    }

    @Test("A statement that takes too long is an error after one more try")
    func timeout() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
                CREATE TABLE t (id int NOT NULL);
                CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow();
                GRANT INSERT ON t TO \(app);
                """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--statement-timeout", "100ms"]
        )
        #expect(run.command.status == 2)
        #expect(run.report.trials.map(\.type) == ["pgsmoke.Timeout"])
    }

    @Test("Two runs at once on one database disturb neither each other nor the database")
    func twoAtOnce() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: shop(app) + """
                CREATE TABLE parent (id smallint PRIMARY KEY, code char(2) NOT NULL UNIQUE);
                CREATE TABLE child (parent_id smallint NOT NULL REFERENCES parent);
                GRANT INSERT ON child TO \(app);
                """
        )
        let before = try database.fingerprint()
        let tables = ["-t", "a", "-t", "b", "-t", "c", "-t", "child"]
        async let first = ReportedRun.of(database, ["--role", app] + tables)
        async let second = ReportedRun.of(database, ["--role", app] + tables)
        for run in try await [first, second] {
            #expect(run.report.counts["passed"] == 4, "\(run.report.trials)")
        }
        let after = try database.fingerprint().difference(from: before)
        // A sequence that the other run held was consumed, and counted there.
        #expect(after.allSatisfy { $0.contains("sequence") })
    }

    @Test("Where an event trigger objects to the shield, the value is consumed and counted")
    func eventTrigger() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: shop(app) + """
                CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'no DDL here'; END $$;
                CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse();
                """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "-t", "a"])
        #expect(run.report.counts["passed"] == 1)
        #expect(run.report.sequencesConsumed.map(\.values) == [1])
        #expect(try database.rows("SELECT last_value, is_called FROM a_id_seq") == [["1", "t"]])
    }

    @Test("A shield that is cancelled once is put up again")
    func cancelledShield() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: shop(app) + """
                CREATE SEQUENCE shields;
                CREATE FUNCTION tarry() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN IF nextval('public.shields') = 1 THEN PERFORM pg_sleep(5); END IF; END $$;
                CREATE EVENT TRIGGER tarry ON ddl_command_start
                    WHEN TAG IN ('ALTER SEQUENCE') EXECUTE FUNCTION tarry();
                """
        )
        let arguments = ["--role", app, "-t", "a", "--operations", "insert"]
        let run = try await ReportedRun.of(database, arguments)
        #expect(run.report.counts["passed"] == 1)
        #expect(run.report.sequencesConsumed.map(\.sequence.name) == ["shields"])
        #expect(try database.rows("SELECT is_called FROM a_id_seq") == [["f"]])
    }

    @Test("A sequence that only run time names is counted, and with preserve an error")
    func unforeseenSequence() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SEQUENCE hidden;
                CREATE FUNCTION draw() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN EXECUTE format('SELECT nextval(%L)', 'hid' || 'den'); RETURN NEW; END $$;
                CREATE TABLE t (id int NOT NULL);
                CREATE TRIGGER draw BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION draw();
                CREATE TABLE raises (id int NOT NULL);
                CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'no'; END $$;
                CREATE TRIGGER a BEFORE INSERT ON raises FOR EACH ROW EXECUTE FUNCTION draw();
                CREATE TRIGGER b BEFORE INSERT ON raises FOR EACH ROW EXECUTE FUNCTION raise();
                GRANT INSERT ON t, raises TO \(app);
                GRANT USAGE ON SEQUENCE hidden TO \(app);
                """
        )
        let auto = try await ReportedRun.of(database, ["--role", app, "-t", "t"])
        #expect(auto.report.trials.map(\.verdict) == ["passed"])
        #expect(auto.report.sequencesConsumed.map(\.sequence.name) == ["hidden"])
        let preserve = ["--role", app, "-t", "t", "--sequences", "preserve"]
        let kept = try await ReportedRun.of(database, preserve)
        #expect(kept.command.status == 2)
        #expect(kept.report.trials.map(\.verdict) == ["error"])
        #expect(kept.report.trials[0].reason?.contains("public.hidden") ?? false)
        // What fails leaves no lock behind that would tell what it drew.
        let failing = ["--role", app, "-t", "raises", "--sequences", "preserve"]
        let failed = try await ReportedRun.of(database, failing)
        #expect(failed.report.trials.map(\.verdict) == ["inconclusive"])
        #expect(failed.report.notes.contains { $0.contains("public.hidden") })
    }

    @Test("What an event trigger draws at the shield is counted, and with preserve an error")
    func eventTriggerThatDraws() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: shop(app) + """
                CREATE TABLE ddl (id serial PRIMARY KEY, what text);
                CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO public.ddl (what) VALUES (tg_tag); END $$;
                CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note();
                """
        )
        let auto = try await ReportedRun.of(database, ["--role", app, "-t", "a"])
        #expect(auto.report.counts["passed"] == 1)
        let consumed = auto.report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        #expect(consumed == ["ddl_id_seq 1"])
        #expect(try database.rows("SELECT last_value, is_called FROM ddl_id_seq") == [["1", "t"]])
        let preserve = ["--role", app, "-t", "a", "--sequences", "preserve"]
        let kept = try await ReportedRun.of(database, preserve)
        #expect(kept.report.trials.map(\.verdict) == ["error"])
    }

    @Test(
        "A table or column that goes while the run is on is said, and is no mistake of ours",
        arguments: [
            ("DROP TABLE d", "dropped or renamed"), ("ALTER TABLE d DROP COLUMN id", "column"),
        ]
    )
    func changedMeanwhile(change: String, reason: String) async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(app); CREATE TABLE d (id int NOT NULL);"
                + "GRANT INSERT ON d TO \(app);"
        )
        let migrator = try database.connect()
        try migrator.execute("BEGIN")
        try migrator.execute("LOCK TABLE d IN SHARE MODE")
        let run = try await withThrowingTaskGroup(of: ReportedRun?.self) { group in
            group.addTask {
                try await ReportedRun.of(database, ["--role", app, "--lock-timeout", "60s"])
            }
            // While the trial waits for its lock, the migration goes through.
            let waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'd'::regclass"
            for _ in 0..<6_000 where try migrator.execute(waiting).isEmpty {
                try await Task.sleep(for: .milliseconds(5))
            }
            try migrator.execute(change)
            try migrator.execute("COMMIT")
            return try await group.reduce(nil) { $0 ?? $1 }
        }
        let trial = try #require(run?.report.trials.first)
        #expect(trial.verdict == "error")
        #expect(trial.reason?.contains(reason) ?? false, "\(trial)")
    }
}
