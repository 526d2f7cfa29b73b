import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// Whether the run that something is watched during is over.
private final class RunWatch: Sendable {
    private let state = Mutex(false)

    var isDone: Bool { state.withLock { $0 } }

    func end() { state.withLock { $0 = true } }
}

/// Proofs disturb nobody, and nobody who works on the same database is needed for them.
struct ProofTests {
    /// A database whose application lacks something on each of many tables.
    private func shop(_ tables: Int, on server: TestServer) async throws -> Shop {
        let app = uniqueRoleName("app")
        let owner = uniqueRoleName("owner")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(owner);
                CREATE SCHEMA shop AUTHORIZATION \(owner);
                SET ROLE \(owner);
                DO $$ BEGIN
                    FOR i IN 1..\(tables) LOOP
                        EXECUTE format('CREATE TABLE shop.t%s (id serial PRIMARY KEY, v text NOT NULL)', i);
                        EXECUTE format('GRANT INSERT ON shop.t%s TO \(app)', i);
                    END LOOP;
                END $$;
                """
        )
        return Shop(database: database, app: app, owner: owner)
    }

    private struct Shop: Sendable {
        let database: TestDatabase
        let app: String
        let owner: String

        func run(_ arguments: [String] = [], as user: String? = nil) async throws -> ReportedRun {
            try await ReportedRun.of(database, ["--role", app] + arguments, as: user)
        }
    }

    @Test(
        "Two runs at once prove every cure, and leave nothing behind",
        arguments: TestServer.all
    )
    func twoRuns(server: TestServer) async throws {
        let shop = try await shop(25, on: server)
        let before = try shop.database.fingerprint()
        let runs = try await withThrowingTaskGroup(of: ReportedRun.self) { group in
            for _ in 1...2 {
                // What they draw from is each other's, so values may be consumed.
                group.addTask { try await shop.run(["-j", "1"]) }
            }
            return try await group.reduce(into: [ReportedRun]()) { $0.append($1) }
        }
        for run in runs {
            #expect(run.report.counts["failed"] == 25)
            for trial in run.report.trials {
                let number = trial.object.name.dropFirst()
                #expect(
                    trial.cure.map(\.sql) == [
                        "GRANT USAGE ON SCHEMA shop TO \(shop.app)",
                        "GRANT USAGE ON SEQUENCE shop.t\(number)_id_seq TO \(shop.app)",
                    ],
                    "\(trial)"
                )
                #expect(!trial.cure.contains { !$0.proven }, "\(trial)")
            }
        }
        let changes = try shop.database.fingerprint().difference(from: before)
        #expect(changes.filter { !$0.contains("sequence shop.t") } == [])
    }

    @Test("What a COPY misses is proven with its data", arguments: TestServer.all)
    func copying(server: TestServer) async throws {
        let shop = try await shop(1, on: server)
        let trial = try #require(try await shop.run(["--operations", "copy"]).report.trials.first)
        #expect(
            trial.cure.map(\.sql) == [
                "GRANT USAGE ON SCHEMA shop TO \(shop.app)",
                "GRANT USAGE ON SEQUENCE shop.t1_id_seq TO \(shop.app)",
            ]
        )
        #expect(!trial.cure.contains { !$0.proven }, "\(trial)")
    }

    @Test("Many tables behind one closed schema are proven in little time")
    func manyTables() async throws {
        let shop = try await shop(300, on: TestServer.any)
        let before = try shop.database.fingerprint()
        let start = ContinuousClock.now
        let run = try await shop.run()
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(run.report.counts["failed"] == 300)
        #expect(!run.report.trials.contains { $0.cure.count != 2 })
        #expect(!run.report.trials.flatMap(\.cure).contains { !$0.proven })
        #expect(try shop.database.fingerprint().difference(from: before) == [])
    }

    @Test("A grant that somebody else has not committed keeps a proof away, and that is said")
    func foreignGrant() async throws {
        let shop = try await shop(1, on: TestServer.any)
        let other = try shop.database.connect()
        try other.execute("BEGIN")
        try other.execute("GRANT USAGE ON SCHEMA shop TO PUBLIC")
        let start = ContinuousClock.now
        let run = try await shop.run()
        #expect(ContinuousClock.now - start < .seconds(10))
        let cure = try #require(run.report.trials.first?.cure.first)
        #expect(cure.sql == "GRANT USAGE ON SCHEMA shop TO \(shop.app)")
        #expect(!cure.proven)
        #expect(cure.why?.contains("somebody else is changing") ?? false)
        try other.execute("ROLLBACK")
        let again = try await shop.run()
        #expect(!again.report.trials.flatMap(\.cure).contains { !$0.proven })
    }

    @Test("Grants of others never wait long for a proof", arguments: TestServer.all)
    func othersDoNotWait(server: TestServer) async throws {
        let shop = try await shop(20, on: server)
        // The trial that the proof repeats takes long, and must not be let.
        try shop.database.execute(
            """
            CREATE FUNCTION shop.slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
            CREATE TRIGGER slow AFTER INSERT ON shop.t20 FOR EACH ROW EXECUTE FUNCTION shop.slow();
            """
        )
        let run = RunWatch()
        let longest = try await withThrowingTaskGroup(of: Duration.self) { group in
            group.addTask {
                let other = try shop.database.connect()
                var longest = Duration.zero
                while !run.isDone {
                    let start = ContinuousClock.now
                    _ = try? other.execute("GRANT USAGE ON SEQUENCE shop.t20_id_seq TO pg_monitor")
                    _ = try? other.execute("VACUUM shop.t20")
                    longest = max(longest, ContinuousClock.now - start)
                    try await Task.sleep(for: .milliseconds(5))
                }
                return longest
            }
            group.addTask {
                defer { run.end() }
                _ = try await shop.run()
                return .zero
            }
            return try await group.reduce(.zero, max)
        }
        #expect(longest < .seconds(1.5))
    }

    @Test(
        "Statements that are short one by one cannot hold a proof's grants for long together",
        arguments: TestServer.all
    )
    func manySlowStatements(server: TestServer) async throws {
        let shop = try await shop(1, on: server)
        // Six grants of 0.3 s each before the trial, and a mark that no rollback takes back after it.
        let names = (1...6).map { "shop.f\($0)()" }
        try shop.database.execute(
            names.map {
                """
                CREATE FUNCTION \($0) RETURNS integer LANGUAGE sql AS 'SELECT 1';
                REVOKE EXECUTE ON FUNCTION \($0) FROM PUBLIC;
                ALTER TABLE shop.t1 ADD COLUMN c\($0.dropFirst(6).prefix(1)) integer DEFAULT \($0);
                """
            }.joined() + """
                GRANT USAGE ON SCHEMA shop TO \(shop.app);
                CREATE SEQUENCE reached;
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop, public TO \(shop.app);
                CREATE FUNCTION shop.reach() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM nextval('public.' || TG_ARGV[0]); RETURN NEW; END $$;
                CREATE TRIGGER reach AFTER INSERT ON shop.t1
                    FOR EACH ROW EXECUTE FUNCTION shop.reach('reached');
                CREATE FUNCTION public.slow() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.3); END $$;
                CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('GRANT')
                    EXECUTE FUNCTION public.slow();
                """
        )
        let watch = RunWatch()
        // The longest time for which somebody would wait for a transaction that has changed anything.
        // On a thread of its own: tests that block the others must not keep it waiting.
        let lane = Lane()
        defer { lane.stop() }
        let longest = Task(executorPreference: lane) {
            let other = try shop.database.connect()
            var longest = 0.0
            while !watch.isDone {
                let rows = try other.execute(
                    """
                    SELECT extract(epoch FROM max(clock_timestamp() - xact_start))
                      FROM pg_stat_activity
                     WHERE datname = current_database() AND application_name = 'pgsmoke'
                       AND backend_xid IS NOT NULL
                    """
                )
                longest = max(longest, rows[0][0].flatMap(Double.init) ?? 0)
                try await Task.sleep(for: .milliseconds(5))
            }
            return longest
        }
        let run = try await shop.run()
        watch.end()
        let trial = try #require(run.report.trials.first { $0.operation == "insert" })
        #expect(!trial.cure.isEmpty && !trial.cure.contains { $0.proven }, "\(trial)")
        #expect(
            trial.cure.first?.why?.contains("takes longer than the 900 ms") ?? false,
            "\(trial)"
        )
        #expect(try shop.database.rows("SELECT is_called FROM reached") == [["f"]])
        let seen = try await longest.value
        #expect(seen > 0 && seen < 6 * 0.3, "seconds: \(seen)")

        // With grants that are quick the same is proven.
        try shop.database.execute("ALTER EVENT TRIGGER slow DISABLE")
        let quick = try #require(
            try await shop.run().report.trials.first { $0.operation == "insert" }
        )
        #expect(quick.cure.count == 6 && !quick.cure.contains { !$0.proven }, "\(quick)")
        #expect(try shop.database.rows("SELECT is_called FROM reached") == [["t"]])
    }

    @Test(
        "A tester that may become the owners proves as the superuser does; one that may not says what it needs",
        arguments: TestServer.all
    )
    func plainTesters(server: TestServer) async throws {
        let shop = try await shop(2, on: server)
        let rich = uniqueRoleName("rich")
        let poor = uniqueRoleName("poor")
        let options = server.major >= 16 ? " WITH SET TRUE, INHERIT FALSE" : ""
        try shop.database.execute(
            """
            CREATE ROLE \(rich) LOGIN NOINHERIT;
            CREATE ROLE \(poor) LOGIN NOINHERIT;
            GRANT \(shop.app) TO \(rich)\(options);
            GRANT \(shop.owner) TO \(rich)\(options);
            GRANT \(shop.app) TO \(poor)\(options);
            """
        )
        let before = try shop.database.fingerprint()
        let superuser = try await shop.run().report.trials.map { $0.cure.map(\.sql) }
        let plain = try await shop.run(as: rich).report.trials
        #expect(plain.map { $0.cure.map(\.sql) } == superuser)
        #expect(!plain.flatMap(\.cure).contains { !$0.proven || $0.runBy != shop.owner })
        #expect(try shop.database.fingerprint().difference(from: before) == [])

        for trial in try await shop.run(as: poor).report.trials {
            // By the catalog alone, all the same the whole of it.
            let number = trial.object.name.dropFirst()
            #expect(
                trial.cure.map(\.sql) == [
                    "GRANT USAGE ON SCHEMA shop TO \(shop.app)",
                    "GRANT USAGE ON SEQUENCE shop.t\(number)_id_seq TO \(shop.app)",
                ]
            )
            #expect(!trial.cure.contains { $0.proven })
            let why = trial.cure.first?.why ?? ""
            #expect(why.contains("GRANT \(shop.owner) TO \(poor)\(options)"))
        }
    }

    @Test("A holder of the grant option proves what the owner might", arguments: TestServer.all)
    func grantOption(server: TestServer) async throws {
        let shop = try await shop(1, on: server)
        let holder = uniqueRoleName("holder")
        let tester = uniqueRoleName("tester")
        try shop.database.execute(
            """
            CREATE ROLE \(holder);
            CREATE ROLE \(tester) LOGIN;
            GRANT \(shop.app), \(holder) TO \(tester);
            GRANT USAGE ON SCHEMA shop TO \(shop.app), \(holder);
            GRANT USAGE ON SEQUENCE shop.t1_id_seq TO \(holder) WITH GRANT OPTION;
            """
        )
        let cure = try #require(try await shop.run(as: tester).report.trials.first?.cure.first)
        #expect(cure.sql == "GRANT USAGE ON SEQUENCE shop.t1_id_seq TO \(shop.app)")
        #expect(cure.runBy == holder)
        #expect(cure.proven)
    }

    @Test(
        "An event trigger that refuses grants is told, and nothing is false",
        arguments: TestServer.all
    )
    func eventTrigger(server: TestServer) async throws {
        let shop = try await shop(1, on: server)
        try shop.database.execute(
            """
            CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'no grants today'; END $$;
            CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('GRANT')
                EXECUTE FUNCTION refuse();
            """
        )
        let cure = try #require(try await shop.run().report.trials.first?.cure.first)
        #expect(!cure.proven)
        #expect(cure.why?.contains("no grants today") ?? false)
    }

    @Test(
        "Who made a role may grant it to itself, and that is proven (16 and later)",
        arguments: TestServer.all.filter { $0.major >= 16 }
    )
    func madeRole(server: TestServer) async throws {
        let master = uniqueRoleName("master")
        let app = uniqueRoleName("made")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(master) LOGIN CREATEROLE;
                SET ROLE \(master);
                CREATE ROLE \(app);
                RESET ROLE;
                CREATE TABLE t (v text NOT NULL);
                GRANT INSERT ON t TO \(app);
                """
        )
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, ["--role", app], as: master)
        #expect(run.command.status == 2)
        let trial = try #require(run.report.trial("set-role \(app)"))
        let cure = try #require(trial.cure.first)
        #expect(cure.proven && cure.runBy == master, "\(trial)")
        #expect(trial.reason?.contains("although it is a member (SET FALSE)") ?? false)
        #expect(try database.fingerprint().difference(from: before) == [])
        try database.execute(cure.sql, as: master)
        let again = try await ReportedRun.of(database, ["--role", app], as: master)
        #expect(again.command.status == 0)
    }
}
