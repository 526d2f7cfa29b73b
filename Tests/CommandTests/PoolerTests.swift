import Cluster
import Foundation
import Postgres
import TestSupport
import Testing

/// Through pgbouncer, which lends a server's connection for one transaction at a time.
@Suite(.enabled(if: Pooler.program != nil, "pgbouncer is needed"))
struct PoolerTests {
    @Test("Every fact holds as over a direct connection, and no session keeps anything")
    func facts() async throws {
        let server = try await TestServer.newest.running()
        try await withPooler(before: server) { pooler in
            for fact in Fact.all where fact.holds(on: TestServer.newest.major) {
                let fixture = fact.withUniqueRoles()
                let database = try server.makeDatabase(sql: fixture.text)
                try await fixture.check(in: database) { arguments in
                    try await ReportedRun.of(database, arguments, through: pooler)
                }
                #expect(try Self.leftInSessions(pooler, database) == [], "\(fact)")
                // The pooler would keep connections to each of the databases.
                try TestDatabase(on: server).execute("DROP DATABASE \(database.name) WITH (FORCE)")
            }
        }
    }

    @Test("Every cure is proven as over a direct connection, and no session keeps anything")
    func cures() async throws {
        let server = try await TestServer.newest.running()
        try await withPooler(before: server) { pooler in
            for denial in Denial.all where denial.fact.holds(on: TestServer.newest.major) {
                let denial = denial.withUniqueRoles()
                let database = try server.makeDatabase(sql: denial.fact.text)
                let before = try database.fingerprint()
                let run = try await ReportedRun.of(
                    database,
                    denial.fact.arguments + ["--future"],
                    through: pooler
                )
                let cures = run.report.trials.filter { !$0.name.hasPrefix("future ") }
                    .flatMap(\.cure)
                #expect(cures.map(\.sql) == denial.cures.map(\.sql), "\(denial)")
                #expect(!cures.contains { !$0.proven }, "\(denial)")
                #expect(try database.fingerprint().difference(from: before) == [], "\(denial)")
                #expect(try Self.leftInSessions(pooler, database) == [], "\(denial)")
                try TestDatabase(on: server).execute("DROP DATABASE \(database.name) WITH (FORCE)")
            }
        }
    }

    @Test("A large catalog is read also where the pool holds one connection", arguments: [1, 2])
    func largeCatalog(poolSize: Int) async throws {
        let app = uniqueRoleName("app")
        let server = try await TestServer.any.running()
        let database = try server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                \(wideTables)
                DO $$ BEGIN
                    FOR i IN 1..20 LOOP
                        EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, '
                            'parent int NOT NULL REFERENCES t%s)', i, i);
                    END LOOP;
                END $$;
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let before = try database.fingerprint()
        try await withPooler(before: server, poolSize: poolSize) { pooler in
            let run = try await ReportedRun.of(
                database,
                ["--role", app, "-j", "4", "-t", "t?", "-t", "t??"],
                through: pooler
            )
            #expect(run.command.status == 0, "\(run.command.standardError)")
            #expect(run.report.counts["passed"] == 20)
        }
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    /// What the pooled sessions of the run still have of it.
    private static func leftInSessions(
        _ pooler: Pooler,
        _ database: TestDatabase
    ) throws -> [String] {
        // Open transactions hold both of the pool's connections, so that each is asked.
        let first = try pooler.connect(to: database)
        let second = try pooler.connect(to: database)
        return try [first, second].flatMap { connection in
            try connection.execute("BEGIN")
            let left = try connection.execute(
                """
                SELECT 'setting ' || name || ' = ' || setting FROM pg_settings
                 WHERE source = 'session'
                   AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone',
                                    'standard_conforming_strings', 'transaction_isolation',
                                    'transaction_read_only', 'transaction_deferrable')
                UNION ALL SELECT 'role ' || current_user WHERE current_user <> session_user
                UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
                UNION ALL SELECT 'cursor ' || name FROM pg_cursors
                UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relpersistence = 't'
                UNION ALL SELECT 'channel ' || c FROM pg_listening_channels() AS c
                UNION ALL SELECT 'lock ' || mode FROM pg_locks
                 WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                """
            )
            return left.compactMap { $0[0] }
        }
    }

    @Test("No startup option is sent: the pooler would refuse it")
    func startupOptions() async throws {
        let server = try await TestServer.any.running()
        let database = try server.makeDatabase(sql: "CREATE TABLE t (a int)")
        try await withPooler(before: server) { pooler in
            let refused = try await CommandRun.of(
                pooler.options(database),
                environment: ["PGOPTIONS": "-c work_mem=1MB"]
            )
            #expect(refused.status == 2)
            let url =
                "jdbc:postgresql://\(pooler.socketDirectory.replacing("/", with: "%2F"))"
                + ":\(pooler.port)/\(database.name)?user=postgres&currentSchema=elsewhere"
            #expect(try await CommandRun.of(["-d", url]).status == 3)
        }
    }

    @Test("A signal in the middle interrupts the statement behind the pooler")
    func interruption() async throws {
        let app = uniqueRoleName("app")
        let server = try await TestServer.any.running()
        let database = try server.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE TABLE t (id serial);
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
                CREATE TRIGGER slow AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow();
                GRANT INSERT ON t TO \(app);
                GRANT USAGE ON SEQUENCE t_id_seq TO \(app);
                """
        )
        let before = try database.fingerprint()
        try await withPooler(before: server) { pooler in
            let start = ContinuousClock.now
            let command = try await CommandRun.of(
                pooler.options(database) + ["--role", app, "--sequences", "consume"],
                interruption: Interruption(SIGTERM) { try !database.sleepers().isEmpty }
            )
            #expect(command.status == 128 + SIGTERM)
            #expect(ContinuousClock.now - start < .seconds(25))
            #expect(try database.sleepers() == [])
        }
        let changes = try database.fingerprint().difference(from: before)
        #expect(changes.allSatisfy { $0.contains("sequence") }, "\(changes)")
    }

    @Test("A run with more lanes than the pool has connections comes to its end")
    func smallPool() async throws {
        let app = uniqueRoleName("app")
        let server = try await TestServer.any.running()
        let database = try server.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                DO $$ BEGIN FOR n IN 1..200 LOOP
                    EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, name text NOT NULL)', n);
                END LOOP; END $$;
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        try await withPooler(before: server) { pooler in
            let run = try await ReportedRun.of(
                database,
                ["--role", app, "--jobs", "8"],
                through: pooler
            )
            #expect(run.report.counts["passed"] == 200)
            #expect(run.report.sequencesConsumed.isEmpty)
        }
    }
}
