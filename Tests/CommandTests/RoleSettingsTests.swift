import Foundation
import TestSupport
import Testing

/// A trial runs under the settings that a login as the role would have, not the tester's.
struct RoleSettingsTests {
    /// A table whose trigger needs `books` in the search path, which the role has not.
    private func shop(_ app: String, _ tester: String) -> String {
        """
        CREATE ROLE \(app) LOGIN;
        CREATE ROLE \(tester) LOGIN SUPERUSER;
        CREATE SCHEMA books;
        GRANT USAGE ON SCHEMA books TO \(app);
        CREATE TABLE books.audit (what text);
        GRANT INSERT ON books.audit TO \(app);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit (what) VALUES ('insert'); RETURN NEW; END $$;
        CREATE TABLE t (id int NOT NULL);
        CREATE TRIGGER note AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
        GRANT INSERT ON t TO \(app);
        """
    }

    @Test("The tester's own search_path does not leak into the trial", arguments: TestServer.all)
    func leakedSearchPath(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await server.makeDatabase(sql: shop(app, tester))
        try database.execute("ALTER ROLE \(tester) SET search_path = books, public")
        let run = try await ReportedRun.of(database, ["--role", app, "-t", "t"], as: tester)
        #expect(run.report.trials.map(\.type) == ["pgsmoke.BrokenTrigger"])
    }

    @Test("Nor do the settings of the tester's environment, and the role's in this database win")
    func environmentAndPrecedence() async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(sql: shop(app, tester))
        let leaking = try await CommandRun.of(
            database.options() + ["--role", app, "-t", "t"],
            environment: ["PGOPTIONS": "-c search_path=books,public"]
        )
        #expect(leaking.status == 1)
        #expect(leaking.standardOutput.contains("names something that is not there"))
        for (setting, status) in [
            ("ALTER DATABASE \(database.name) SET search_path = books, public", Int32(0)),
            ("ALTER ROLE \(app) SET search_path = public", 1),
            ("ALTER ROLE \(app) IN DATABASE \(database.name) SET search_path = books, public", 0),
        ] {
            try database.execute(setting)
            let run = try await CommandRun.of(database.options() + ["--role", app, "-t", "t"])
            #expect(run.status == status, "\(setting)")
        }
    }

    @Test("A setting that the tester may not make is left out and said")
    func superuserOnlySetting() async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(tester) LOGIN;
                GRANT \(app) TO \(tester);
                ALTER ROLE \(app) SET log_min_duration_statement = '1s';
                ALTER ROLE \(app) SET work_mem = '8MB';
                CREATE TABLE t (id int NOT NULL);
                GRANT INSERT ON t TO \(app);
                """
        )
        let run = try await ReportedRun.of(database, ["--role", app], as: tester)
        #expect(run.command.status == 0)
        #expect(
            run.report.otherNotes
                == ["settings of \(app) that only a login would have: log_min_duration_statement"]
        )
    }

    @Test("Serializable transactions and short time limits of the role are taken on")
    func isolationAndLimits() async throws {
        let app = uniqueRoleName("app")
        let other = uniqueRoleName("other")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(other) LOGIN;
                ALTER ROLE \(app) SET default_transaction_isolation = 'serializable';
                ALTER ROLE \(other) SET statement_timeout = '90ms';
                CREATE FUNCTION report() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN
                    RAISE '% %', current_setting('transaction_isolation'),
                        current_setting('statement_timeout');
                END $$;
                CREATE TABLE t (id int NOT NULL);
                CREATE TRIGGER report BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION report();
                GRANT INSERT ON t TO \(app), \(other);
                """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "--role", other])
        #expect(run.report.trial("insert public.t as \(app)")?.message == "serializable 30s")
        #expect(run.report.trial("insert public.t as \(other)")?.message == "read committed 90ms")
    }

    @Test("A time limit of the tester's own does not stop the reading of the catalog")
    func shortLimit() async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(sql: shop(app, tester))
        try database.execute("ALTER ROLE \(tester) SET statement_timeout = '2ms'")
        try database.execute("ALTER ROLE \(app) SET search_path = books, public")
        let run = try await ReportedRun.of(database, ["--role", app, "-t", "t"], as: tester)
        #expect(run.report.counts["passed"] == 1, "\(run.report.trials)")
    }
}
