import Foundation
import Glibc
import TestSupport
import Testing

/// Nothing is left behind by any operation, whoever connects and however it ends.
struct TracelessOperationsTests {
    /// Code that draws from sequences, writes elsewhere and tells others, on every statement.
    private let chatter = """
        SET ROLE migrator;
        CREATE SEQUENCE shop.versions CACHE 10;
        CREATE TABLE shop.journal (id serial PRIMARY KEY, what text);
        CREATE FUNCTION shop.chatter() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
        $$ BEGIN
            INSERT INTO shop.journal (what) VALUES (TG_OP || nextval('shop.versions'));
            PERFORM pg_notify('changes', TG_TABLE_NAME);
            PERFORM lo_create(0);
            RETURN coalesce(NEW, OLD);
        END $$;
        CREATE TRIGGER chatter AFTER INSERT OR UPDATE OR DELETE ON shop.parameters
            FOR EACH ROW EXECUTE FUNCTION shop.chatter();
        CREATE TRIGGER chatter BEFORE UPDATE OR DELETE ON shop.customers
            FOR EACH ROW EXECUTE FUNCTION shop.chatter();
        RESET ROLE;
        """

    private let settings = """
        schemas: [shop, billing]
        roles:
          app_role:
            profile: writer
            allow: [upsert, merge, copy, select-for-update, currval]
            settings: { app.tenant: "42" }
          readonly_role: { profile: reader }
          migrator: { profile: migrator, allow: [upsert, copy] }
        tables:
          shop.audit:
            deny: { app_role: [select, insert, insert-returning, update, delete, upsert, merge, copy, select-for-update] }
          # Row security lets no COPY through.
          billing.invoices: { deny: { app_role: [copy] } }
        """

    private func run(
        _ contract: Contract,
        _ database: TestDatabase,
        as user: String? = nil
    ) async throws -> ReportedRun {
        try await withSettings(contract.named(settings)) {
            try await ReportedRun.of(database, ["-c", $0], as: user)
        }
    }

    @Test(
        "All operations leave all as it was, for a superuser and for a plain tester",
        arguments: TestServer.all,
        [true, false]
    )
    func allOperations(server: TestServer, isSuperuser: Bool) async throws {
        let contract = Contract()
        let database = try await server.makeDatabase(
            sql: try contract.schema + contract.named(chatter)
        )
        var user: String?
        if !isSuperuser {
            let tester = uniqueRoleName("tester")
            let options = server.major >= 16 ? " WITH SET TRUE, INHERIT FALSE" : ""
            try database.execute(
                contract.named(
                    "CREATE ROLE \(tester) LOGIN NOINHERIT;"
                        + ["app_role", "readonly_role", "migrator"].map {
                            "GRANT \($0) TO \(tester)\(options);"
                        }.joined()
                )
            )
            user = tester
        }
        let before = try database.fingerprint()
        let run = try await run(contract, database, as: user)
        let others = run.report.trials.filter { $0.verdict != "passed" }
        #expect(others.isEmpty, "\(others)")
        #expect(run.command.status == 0)
        #expect(run.report.trials.count > 300)
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "After SIGKILL and SIGTERM in the middle of a trigger all is as it was",
        arguments: [SIGKILL, SIGTERM],
        ["update", "delete", "upsert", "copy"]
    )
    func interrupted(signal: Int32, operation: String) async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SEQUENCE versions;
                CREATE TABLE t (id serial PRIMARY KEY, code text NOT NULL UNIQUE, version bigint);
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN
                    NEW.version := nextval('versions');
                    PERFORM pg_sleep(30);
                    RETURN coalesce(NEW, OLD);
                END $$;
                CREATE TRIGGER slow BEFORE \(operation == "copy" ? "INSERT" : "UPDATE") ON t
                    FOR EACH ROW EXECUTE FUNCTION slow();
                CREATE FUNCTION slow_delete() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM nextval('versions'), pg_sleep(30); RETURN OLD; END $$;
                CREATE TRIGGER slow_delete BEFORE DELETE ON t
                    FOR EACH ROW EXECUTE FUNCTION slow_delete();
                INSERT INTO t (id, code) SELECT 100 + n, 'code ' || n
                    FROM generate_series(1, 20) AS n \(operation == "copy" ? "WHERE false" : "");
                GRANT SELECT, INSERT, UPDATE, DELETE ON t TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let before = try database.fingerprint()
        let isAsleep = Interruption(signal) { try database.sleepers().count == 1 }
        let command = try await CommandRun.of(
            database.options() + ["--role", app, "--operations", operation],
            interruption: isAsleep
        )
        #expect(command.status == 128 + signal)
        try database.endOtherSessions()
        #expect(try database.fingerprint().difference(from: before) == [])
    }
}
