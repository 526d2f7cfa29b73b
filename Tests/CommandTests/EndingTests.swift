import Foundation
import Postgres
import TestSupport
import Testing

/// A run that ends before everything is tried says what it left out, and leaves nothing behind.
///
/// What must not go on would go on for an hour.
@Suite(.timeLimit(.minutes(10))) struct EndingTests {
    private func lastLine(_ run: CommandRun) -> String {
        run.standardError.split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Four tables, of which the second fails.
    private func shop() async throws -> (TestDatabase, app: String) {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE TABLE a (id int NOT NULL);
                CREATE TABLE b (id serial PRIMARY KEY);
                CREATE TABLE c (id serial PRIMARY KEY);
                CREATE TABLE d (id int NOT NULL);
                GRANT INSERT ON a, b, c, d TO \(app);
                """
        )
        return (database, app)
    }

    @Test("After the first failure no more trials begin; its cure is still proven")
    func failFast() async throws {
        let (database, app) = try await shop()
        let options = ["--role", app, "--fail-fast", "-j", "1"]
        let run = try await ReportedRun.of(database, options + ["--future"])
        #expect(run.command.status == 1)
        let trials = run.report.trials
        #expect(trials.prefix(4).map(\.verdict) == ["passed", "failed", "skipped", "skipped"])
        #expect(trials[4...].allSatisfy { $0.verdict == "skipped" } && trials.count > 4)
        #expect(trials[2...].allSatisfy { $0.reason?.hasPrefix("fail-fast:") ?? false })
        #expect(trials[1].cure.map(\.proven) == [true])
        #expect(run.report.cutShort == "fail-fast")
        let skipped = trials.count - 2
        #expect(
            lastLine(run.command)
                == "pgsmoke: exit 1: 1 expectation failed; \(skipped) cases skipped by --fail-fast"
        )
        #expect(run.command.standardError.contains("│ \(skipped) cases   fail-fast:"))
        let xml = try await CommandRun.of(database.options() + options + ["--junit", "-"])
        #expect(xml.standardOutput.contains("<skipped message=\"fail-fast: an expectation failed"))
    }

    @Test("Without a failure, or with none but known ones, --fail-fast changes nothing")
    func failFastWithoutNeed() async throws {
        let (database, app) = try await shop()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/baseline.json"
            let options = database.options() + ["--role", app]
            _ = try await CommandRun.of(options + ["--write-baseline", file])
            let known = try await CommandRun.of(options + ["--fail-fast", "--baseline", file])
            #expect(known.status == 0)
            #expect(known.standardOutput.contains("2 known, 2 passed"))
            #expect(!known.standardOutput.contains("skipped"))
            let both = try await CommandRun.of(options + ["--fail-fast", "--write-baseline", file])
            #expect(both.status == 64)
            let whole = try await ReportedRun.of(
                database,
                ["--role", app, "-t", "(a|d)", "--fail-fast"]
            )
            #expect(whole.report.counts["passed"] == 2)
            #expect(whole.report.cutShort == nil)
        }
    }

    @Test("With --strict it is the first doubt that ends the run")
    func failFastStrictly() async throws {
        let (database, app) = try await shop()
        try database.execute(
            """
            ALTER TABLE a ADD CHECK (id < 0 AND id > 0);
            """
        )
        let options = ["--role", app, "--fail-fast", "-j", "1"]
        let strict = try await ReportedRun.of(database, options + ["--strict"])
        #expect(
            strict.report.trials.map(\.verdict) == [
                "inconclusive", "skipped", "skipped", "skipped",
            ]
        )
        let lenient = try await ReportedRun.of(database, options)
        #expect(lenient.report.trials[1].verdict == "failed")
    }

    /// A table whose insert takes an hour, in the middle of others, with sequences.
    private func slow() async throws -> (TestDatabase, app: String) {
        let (database, app) = try await shop()
        try database.execute(
            """
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
            CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
            CREATE TRIGGER sleep BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION sleep();
            """
        )
        return (database, app)
    }

    private func isUntouched(_ database: TestDatabase) throws -> Bool {
        let open = try database.rows(
            """
            SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()
               AND (xact_start IS NOT NULL OR state <> 'idle') AND backend_type = 'client backend'
            """
        )
        let rows = try database.rows(
            "SELECT (SELECT count(*) FROM c), (SELECT last_value FROM c_id_seq)"
        )
        return open.isEmpty && rows == [["0", "1"]]
    }

    @Test(
        "When the time is over, what is being tried is cancelled and skipped, like all the rest",
        arguments: ["1", "2"]
    )
    func timeLimit(jobs: String) async throws {
        let (database, app) = try await slow()
        try await withTemporaryDirectory { directory in
            let json = "\(directory)/report.json"
            let junit = "\(directory)/report.xml"
            let baseline = "\(directory)/baseline.json"
            try "old".write(toFile: baseline, atomically: true, encoding: .utf8)
            // No limit of its own may be what ends the trial.
            let run = try await CommandRun.of(
                database.options() + [
                    "--role", app, "-j", jobs, "--time-limit", "1.5", "--statement-timeout",
                    "90min",
                    "--sequences", "preserve", "--lint", "--json", json, "--junit", junit,
                    "--write-baseline", baseline,
                ]
            )
            #expect(run.status == 2, "\(run.standardOutput)\(run.standardError)")
            let data = try Data(contentsOf: URL(filePath: json))
            let report = try JSONDecoder().decode(Report.self, from: data)
            let trials = report.trials.filter { $0.operation != "lint" }
            #expect(trials.prefix(3).map(\.verdict) == ["passed", "passed", "skipped"])
            #expect(trials.count == 4)
            #expect(trials[2].reason?.hasPrefix("time limit:") ?? false)
            #expect(report.cutShort == "time limit")
            let skipped = report.counts["skipped"] ?? 0
            #expect((1...2).contains(skipped))
            #expect(
                lastLine(run)
                    == "pgsmoke: exit 2: time limit, \(skipped) \(skipped == 1 ? "case" : "cases") "
                    + "skipped"
            )
            #expect(report.notes.contains { $0.contains("lint") })
            #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("time limit:"))
            #expect(try String(contentsOfFile: baseline, encoding: .utf8) == "old")
            #expect(try isUntouched(database))
        }
    }

    @Test("A trial that waits for a lock is cancelled, too")
    func waiting() async throws {
        let (database, app) = try await shop()
        let migrator = try database.connect()
        try migrator.execute("BEGIN")
        try migrator.execute("LOCK TABLE d IN ACCESS EXCLUSIVE MODE")
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--lock-timeout", "90min", "--time-limit", "1"]
        )
        #expect(run.command.status == 2)
        #expect(run.report.trials.last?.verdict == "skipped")
    }

    @Test("What was found before the time was over stays found, and a run in time is whole")
    func enough() async throws {
        let (database, app) = try await shop()
        let run = try await ReportedRun.of(database, ["--role", app, "--time-limit", "600"])
        #expect(run.command.status == 1)
        #expect(run.report.counts["failed"] == 2)
        #expect(run.report.cutShort == nil)
        #expect(run.report.trials.compactMap(\.cure.first?.proven) == [true, true])
    }

    @Test("Time that is over before the first trial is one error, with whatever it went by")
    func beforeTrials() async throws {
        let (database, app) = try await shop()
        let migrator = try database.connect()
        try migrator.execute("BEGIN")
        try migrator.execute("LOCK TABLE pg_policy IN ACCESS EXCLUSIVE MODE")
        let run = try await ReportedRun.of(database, ["--role", app, "--time-limit", "1"])
        #expect(run.command.status == 2)
        #expect(run.report.trials.map(\.verdict) == ["error"])
        #expect(run.report.trials.map(\.type) == ["pgsmoke.Timeout"])
        #expect(
            lastLine(run.command)
                == "pgsmoke: exit 2: the time limit was over before the first trial"
        )
        let unreachable = try await CommandRun.of([
            "-h", "/nonexistent", "--wait", "3600", "--time-limit", "1",
        ])
        #expect(unreachable.status == 2)
    }

    @Test("Rules of lint that were not looked at in time leave the run unfinished")
    func lint() async throws {
        let (database, app) = try await shop()
        try database.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app)")
        let migrator = try database.connect()
        try migrator.execute("BEGIN")
        try migrator.execute("LOCK TABLE pg_largeobject_metadata IN ACCESS EXCLUSIVE MODE")
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--lint", "--time-limit", "2", "-j", "1"]
        )
        #expect(run.command.status == 2)
        #expect(run.report.trials.map(\.verdict) == ["passed", "passed", "passed", "passed"])
        #expect(run.report.notes.contains { $0.contains("rules of lint") })
        #expect(
            lastLine(run.command)
                == "pgsmoke: exit 2: time limit, not everything was looked at"
        )
    }

    @Test("A shard that ran out of time makes the whole run unfinished")
    func shards() async throws {
        let (database, app) = try await slow()
        try await withTemporaryDirectory { directory in
            let files = (1...2).map { "\(directory)/\($0).json" }
            for (index, file) in files.enumerated() {
                let part = ["--shard", "\(index + 1)/2", "--json", file, "--time-limit", "1"]
                _ = try await CommandRun.of(
                    database.options() + ["--role", app, "--sequences", "preserve"]
                        + ["--statement-timeout", "90min"] + part
                )
            }
            let merged = try await CommandRun.of(["merge", "--exit-zero", "--strict"] + files)
            #expect(merged.status == 2)
            #expect(lastLine(merged).contains("exit 2: time limit,"), "\(merged)")
        }
    }

    @Test(
        "A time limit that is none is exit 64",
        arguments: ["0", "-1", "soon", "nan", "inf", "1e9", ""]
    )
    func usage(limit: String) async throws {
        let run = try await CommandRun.of(["-h", "/nonexistent", "--time-limit=\(limit)"])
        #expect(run.status == 64)
        #expect(run.standardError.contains("--time-limit"))
    }
}
