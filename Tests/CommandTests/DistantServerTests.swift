import Cluster
import TestSupport
import Testing

/// With a server that is far away, where round trips are saved.
@Suite(.timeLimit(.minutes(10))) struct DistantServerTests {
    /// Runs pgsmoke over the long way.
    private func run(
        _ database: TestDatabase,
        _ arguments: [String],
        over way: DistantServer
    ) async throws -> ReportedRun {
        try await ReportedRun.of(database, arguments + ["-h", "127.0.0.1", "-p", String(way.port)])
    }

    @Test("What asks together comes to what each comes to by itself, in fewer round trips")
    func askedTogether() async throws {
        let app = uniqueRoleName("app")
        let server = try await TestServer.any.running()
        let database = try server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                DO $$
                BEGIN
                    FOR n IN 1..20 LOOP
                        EXECUTE format('CREATE TABLE t%s (
                            id serial PRIMARY KEY, a int NOT NULL, b int NOT NULL, c text NOT NULL,
                            CHECK (a %% 7 = %s AND b = a * 2 + 1), CHECK (c ~ ''^[A-Z]{2}-[0-9]{4}$''))',
                            n, n % 7);
                    END LOOP;
                END
                $$;
                CREATE TABLE never (n int NOT NULL CHECK (n % 2 = 5));
                CREATE TYPE mood AS ENUM ('happy');
                CREATE TABLE raises (m text NOT NULL CHECK (m::mood = 'happy'), n int CHECK (n > 3));
                CREATE VIEW shown AS SELECT a, b, c FROM t1;
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                REVOKE INSERT ON t4 FROM \(app);
                REVOKE ALL ON SEQUENCE t9_id_seq FROM \(app);
                """
        )
        let before = try database.fingerprint()
        let way = try DistantServer(before: server, milliseconds: 3)
        defer { way.stop() }
        let arguments = ["--role", app, "--row-budget", "30", "-j", "1"]
        let inserts = arguments + ["--operations", "insert"]
        let far = try await run(database, inserts, over: way)
        let street = try DistantServer(before: server, milliseconds: 0)
        defer { street.stop() }
        let close = try await run(database, inserts, over: street)
        #expect(way.requests * 4 < street.requests * 3, "\(way.requests) of \(street.requests)")
        #expect(far.report.trials.map(essence) == close.report.trials.map(essence))
        #expect(far.report.counts["passed"] == 20, "\(far.report.counts)")
        #expect(far.report.counts["failed"] == 2)
        #expect(far.report.counts["inconclusive"] == 1)
        let all =
            arguments + ["--operations", "insert,insert-returning,upsert,select,update,delete"]
        let farAll = try await run(database, all, over: way)
        let near = try await ReportedRun.of(database, all)
        #expect(farAll.report.trials.map(essence) == near.report.trials.map(essence))
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    private func essence(_ trial: Report.Trial) -> [String?] {
        [trial.name, trial.verdict, trial.type, trial.reason, trial.stage, trial.sqlstate]
    }

    @Test("The facts about rows, sequences and code are the same from afar")
    func facts() async throws {
        let server = try await TestServer.any.running()
        let way = try DistantServer(before: server, milliseconds: 1)
        defer { way.stop() }
        let kinds = ["row-", "sequence", "keys", "settings", "raise", "policies-per", "tables"]
        for fact in Fact.all
        where fact.holds(on: TestServer.any.major)
            && kinds.contains(where: { fact.name.hasPrefix($0) })
        {
            let fixture = fact.withUniqueRoles()
            let database = try server.makeDatabase(sql: fixture.text)
            try await fixture.check(in: database) { try await run(database, $0, over: way) }
        }
    }
}
