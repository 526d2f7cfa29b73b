import Foundation
import Glibc
import TestSupport
import Testing

/// Nothing is left behind: the database is compared before and after.
struct TracelessTests {
    /// A populated database with everything that a trial touches, and roles of its own.
    private func populated(_ server: TestServer) async throws -> (
        TestDatabase, app: String, owner: String
    ) {
        let app = uniqueRoleName("app")
        let owner = uniqueRoleName("owner")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(owner);
                CREATE ROLE \(app) LOGIN;
                CREATE SCHEMA shop AUTHORIZATION \(owner);
                SET ROLE \(owner);
                CREATE TABLE shop.users (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
                INSERT INTO shop.users (name) SELECT 'user ' || n FROM generate_series(1, 100) AS n;
                CREATE TABLE shop.empty (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code char(3) UNIQUE);
                CREATE TABLE shop.orders (
                    id bigserial PRIMARY KEY,
                    user_id int NOT NULL REFERENCES shop.users,
                    empty_id bigint NOT NULL REFERENCES shop.empty);
                CREATE SEQUENCE shop.numbers CACHE 100;
                CREATE TABLE shop.bills (number bigint NOT NULL DEFAULT nextval('shop.numbers'));
                CREATE TABLE shop.log (at timestamptz DEFAULT now(), what text);
                CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO shop.log (what) VALUES (TG_OP); RETURN NEW; END $$;
                CREATE TRIGGER note AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.note();
                CREATE TABLE shop.closed (id serial PRIMARY KEY);
                GRANT USAGE ON SCHEMA shop TO \(app);
                GRANT INSERT ON ALL TABLES IN SCHEMA shop TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO \(app);
                REVOKE ALL ON SEQUENCE shop.closed_id_seq FROM \(app);
                """
        )
        return (database, app, owner)
    }

    @Test(
        "A whole run leaves rows, sequences, roles, settings and locks as they were",
        arguments: TestServer.all
    )
    func wholeRun(server: TestServer) async throws {
        let (database, app, _) = try await populated(server)
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, ["--role", app, "--sequences", "preserve"])
        #expect(run.report.counts["passed"] == 5)
        #expect(run.report.counts["failed"] == 1)
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "A tester without superuser, with SET membership in role and owner, sees and leaves the same",
        arguments: TestServer.all
    )
    func plainTester(server: TestServer) async throws {
        let (database, app, owner) = try await populated(server)
        let tester = uniqueRoleName("tester")
        let options = server.major >= 16 ? " WITH SET TRUE, INHERIT FALSE" : ""
        try database.execute(
            """
            CREATE ROLE \(tester) LOGIN NOINHERIT;
            GRANT \(app) TO \(tester)\(options);
            GRANT \(owner) TO \(tester)\(options);
            """
        )
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, ["--role", app], as: tester)
        #expect(run.report.counts["passed"] == 5, "\(run.report.trials)")
        #expect(run.report.counts["failed"] == 1)
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "A tester with membership in the role alone consumes values and says so, and nothing is false"
    )
    func poorTester() async throws {
        let (database, app, _) = try await populated(TestServer.any)
        let tester = uniqueRoleName("tester")
        try database.execute("CREATE ROLE \(tester) LOGIN NOINHERIT; GRANT \(app) TO \(tester);")
        let run = try await ReportedRun.of(database, ["--role", app], as: tester)
        #expect(run.report.counts["failed"] == 1)
        #expect(run.report.trial("insert shop.closed as \(app)")?.verdict == "failed")
        // The role may put the parents in place itself.
        #expect(run.report.trial("insert shop.orders as \(app)")?.verdict == "passed")
        let consumed = run.report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        #expect(consumed.contains("numbers 100"))
        #expect(consumed.contains("users_id_seq 1"))
        #expect(
            run.report.notes.contains { $0.contains("SET membership in the sequences' owners") }
        )
        let last = try database.rows("SELECT last_value FROM shop.numbers")
        #expect(last == [["100"]])
        try database.execute("REVOKE INSERT ON shop.users FROM \(app)")
        let poorer = try await ReportedRun.of(
            database,
            ["--role", app, "-t", "orders"],
            as: tester
        )
        let orders = try #require(poorer.report.trials.first)
        #expect(orders.verdict == "inconclusive")
        #expect(orders.reason?.contains("SET membership") ?? false)
    }

    @Test(
        "After SIGINT, SIGTERM and SIGKILL in the middle all is as it was",
        arguments: [SIGINT, SIGTERM, SIGKILL]
    )
    func interrupted(signal: Int32) async throws {
        let (database, app, owner) = try await populated(TestServer.any)
        try database.execute(
            """
            SET ROLE \(owner);
            CREATE FUNCTION shop.slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;
            CREATE TABLE shop.slow (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES shop.empty);
            CREATE TRIGGER slow AFTER INSERT ON shop.slow FOR EACH ROW EXECUTE FUNCTION shop.slow();
            GRANT INSERT ON shop.slow TO \(app);
            GRANT USAGE ON SEQUENCE shop.slow_id_seq TO \(app);
            """
        )
        let before = try database.fingerprint()
        let isSleeping = Interruption(signal) { try database.sleepers().count == 1 }
        let folder = FileManager.default.temporaryDirectory.appending(path: app)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let junit = folder.appending(path: "report.xml").path()
        let command = try await CommandRun.of(
            database.options() + ["--role", app, "--junit", junit],
            interruption: isSleeping
        )
        #expect(command.status == 128 + signal)
        if signal != SIGKILL {
            let xml = try String(contentsOfFile: junit, encoding: .utf8)
            #expect(xml.contains("interrupted"))
            #expect(xml.hasSuffix("</testsuites>\n"))
        }
        try database.endOtherSessions()
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("Consumed values are counted as the server counts them, CACHE at a time")
    func consumption() async throws {
        let (database, app, _) = try await populated(TestServer.any)
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--sequences", "consume", "-t", "bills", "-t", "users", "-t", "empty"]
        )
        let consumed = run.report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        #expect(consumed == ["empty_id_seq 1", "numbers 100", "users_id_seq 1"])
        #expect(try database.rows("SELECT last_value FROM shop.numbers") == [["100"]])
        #expect(try database.rows("SELECT last_value FROM shop.users_id_seq") == [["101"]])
        #expect(try database.rows("SELECT last_value FROM shop.empty_id_seq") == [["1"]])
    }

    @Test("What triggers draw is counted exactly, as the sequences themselves tell")
    func consumptionByTriggers() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SEQUENCE drawn;
                CREATE SEQUENCE spared;
                CREATE TABLE audit (id serial PRIMARY KEY, what text);
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN
                    INSERT INTO audit (what) VALUES (TG_OP);
                    EXECUTE 'SELECT ' || 'nextval(''drawn'')';
                    IF NEW.v IS NULL THEN PERFORM nextval('spared'); END IF;
                    RETURN NEW;
                END $$;
                CREATE TABLE t (id serial PRIMARY KEY, v text NOT NULL);
                CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
                GRANT INSERT ON t, audit TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-t", "t", "--sequences", "consume"]
        )
        let consumed = run.report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        #expect(consumed == ["audit_id_seq 1", "drawn 1", "t_id_seq 1"])
        #expect(try database.rows("SELECT is_called FROM spared") == [["f"]])
        // Shielded as far as they can be foreseen: a name put together at run time cannot.
        let second = try await ReportedRun.of(database, ["--role", app, "-t", "t"])
        #expect(second.report.sequencesConsumed.map(\.sequence.name) == ["drawn"])
        #expect(try database.rows("SELECT last_value FROM audit_id_seq") == [["1"]])
        #expect(try database.rows("SELECT last_value FROM drawn") == [["2"]])
    }

    @Test("What a rule draws is counted, too")
    func consumptionByRules() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE TABLE log (id serial PRIMARY KEY, what text);
                CREATE TABLE ruled (id int PRIMARY KEY, v text);
                CREATE RULE note AS ON UPDATE TO ruled DO ALSO INSERT INTO log (what) VALUES ('x');
                GRANT SELECT, INSERT, UPDATE ON ruled TO \(app);
                GRANT USAGE ON SEQUENCE log_id_seq TO \(app);
                """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-t", "ruled", "--operations", "insert,select,update"]
        )
        let consumed = run.report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
        let last = try database.rows("SELECT last_value, is_called FROM log_id_seq")
        #expect(run.report.counts["passed"] == 3, "\(run.report.trials)")
        #expect(consumed == ["log_id_seq \(last[0][0] ?? "")"])
    }
}
