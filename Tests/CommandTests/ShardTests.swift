import Foundation
import TestSupport
import Testing

/// The shards of a run, merged, are the run.
struct ShardTests {
    /// Passes, failures of several kinds, doubts, a role that cannot be set, sequences that tables
    /// share or that are consumed, findings, futures.
    private func shop() async throws -> (TestDatabase, arguments: [String], tester: String) {
        let app = uniqueRoleName("app")
        let other = uniqueRoleName("other")
        let closed = uniqueRoleName("closed")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(other) LOGIN;
                CREATE ROLE \(closed);
                CREATE ROLE \(tester) LOGIN;
                GRANT \(app), \(other) TO \(tester);
                CREATE SCHEMA billing;
                CREATE SEQUENCE shared;
                GRANT USAGE ON SEQUENCE shared TO \(app), \(other);
                CREATE TABLE shared_1 (id int PRIMARY KEY DEFAULT nextval('shared'));
                CREATE TABLE shared_2 (id int PRIMARY KEY DEFAULT nextval('shared'));
                CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL);
                CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent);
                CREATE TABLE jobs (id serial PRIMARY KEY);
                CREATE TABLE never (n int NOT NULL CHECK (n > 1 AND n < 1));
                CREATE TABLE secured (id int NOT NULL);
                ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
                CREATE TABLE billing.invoices (id int NOT NULL);
                CREATE TABLE events (id int NOT NULL) PARTITION BY RANGE (id);
                CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
                CREATE MATERIALIZED VIEW totals AS SELECT 1 AS one;
                CREATE TABLE flyway_schema_history (installed_rank int NOT NULL, version text,
                    description text, type text, script text, checksum int, installed_by text,
                    installed_on timestamp, execution_time int, success bool);
                CREATE TABLE "Odd.Name" (id int NOT NULL);
                CREATE TABLE t_1 (id int NOT NULL); CREATE TABLE t_2 (id int NOT NULL);
                CREATE TABLE t_3 (id int NOT NULL); CREATE TABLE t_4 (id int NOT NULL);
                GRANT INSERT ON ALL TABLES IN SCHEMA public, billing TO \(app), \(other);
                GRANT USAGE ON SEQUENCE parent_id_seq, child_id_seq TO \(app), \(other);
                REVOKE INSERT ON t_3 FROM \(other);
                """
        )
        let roles = [app, other, closed].flatMap { ["--role", $0] }
        return (database, roles, tester)
    }

    private func timelessText(_ text: String) -> String {
        text.replacing(#/ in \d+\.\d\d s/#, with: "")
            .replacing(#/ time(stamp)?="[^"]*"/#, with: "")
    }

    @Test("For every N the merged shards are the run without shards, byte for byte but for times")
    func union() async throws {
        let (database, roles, tester) = try await shop()
        try await expectUnion(database.options() + roles + ["--future", "--lint"], 1)
        try await expectUnion(database.options(as: tester) + roles, 2)
    }

    @Test("So they are where roles log in, one of them in vain")
    func unionOverLogins() async throws {
        let (database, roles, _) = try await shop()
        let (app, other, closed) = (roles[1], roles[3], roles[5])
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/pgsmoke.yml"
            let settings = """
                roles:
                  \(app): { operations: [insert], connect: {} }
                  \(closed): { operations: [insert], connect: {} }
                  \(other): { operations: [insert, select] }
                """
            try settings.write(toFile: file, atomically: true, encoding: .utf8)
            try await expectUnion(database.options() + ["-c", file], 2)
        }
    }

    private func expectUnion(_ options: [String], _ status: Int32) async throws {
        let whole = try await CommandRun.of(options + ["--json", "-"])
        let text = try await CommandRun.of(options + ["-v"])
        let xml = try await CommandRun.of(options + ["--junit", "-"])
        #expect(whole.standardOutput.contains("\"failed\""))
        #expect(whole.status == status)
        for count in 1...8 {
            try await withTemporaryDirectory { directory in
                let files = (1...count).map { "\(directory)/\($0).json" }
                for (index, file) in files.enumerated() {
                    let part = ["--shard", "\(index + 1)/\(count)", "--json", file]
                    _ = try await CommandRun.of(options + part)
                }
                let json = try await CommandRun.of(["merge", "--json", "-"] + files)
                #expect(timeless(json.standardOutput) == timeless(whole.standardOutput))
                #expect(json.status == whole.status)
                #expect(
                    json.standardError.split(separator: "\n").last
                        == whole.standardError.split(separator: "\n").last
                )
                let junit = try await CommandRun.of(["merge", "--junit", "-"] + files)
                #expect(timelessText(junit.standardOutput) == timelessText(xml.standardOutput))
                let told = try await CommandRun.of(["merge", "-v"] + files)
                #expect(timelessText(told.standardOutput) == timelessText(text.standardOutput))
            }
        }
    }

    @Test("Shards at work at the same time come to the same verdicts")
    func concurrent() async throws {
        let (database, roles, _) = try await shop()
        let count = 4
        let whole = try await ReportedRun.of(database, roles)
        try await withTemporaryDirectory { directory in
            let files = (1...count).map { "\(directory)/\($0).json" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, file) in files.enumerated() {
                    let part = ["--shard", "\(index + 1)/\(count)", "--json", file, "-j", "2"]
                    group.addTask { _ = try await CommandRun.of(database.options() + roles + part) }
                }
                try await group.waitForAll()
            }
            let merged = try await CommandRun.of(["merge", "--json", "-"] + files)
            let data = Data(merged.standardOutput.utf8)
            let report = try JSONDecoder().decode(Report.self, from: data)
            #expect(
                report.trials.map { [$0.name, $0.verdict, $0.type] }
                    == whole.report.trials.map { [$0.name, $0.verdict, $0.type] }
            )
            #expect(merged.status == whole.command.status)
        }
    }

    @Test("A table stays in its shard when others come")
    func stable() async throws {
        let (database, roles, _) = try await shop()
        func names() async throws -> Set<String> {
            let run = try await ReportedRun.of(database, roles + ["--shard", "2/3"])
            return Set(run.report.trials.map(\.name))
        }
        let before = try await names()
        try database.execute(
            (1...60).map { "CREATE TABLE a_new_\($0) (id int NOT NULL);" }.joined()
        )
        let after = try await names()
        #expect(!before.isEmpty && before.isSubset(of: after))
        #expect(after.subtracting(before).allSatisfy { $0.contains("a_new_") })
        // Twenty tables for each of the two roles that can be set, and the one that cannot.
        #expect(after.subtracting(before).count == 60)
    }

    @Test(
        "The variables of CI systems say which shard it is, each counting in its own way",
        arguments: [
            (["CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"], "shard 2 of 3"),
            (["CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3"], "shard 3 of 3"),
            (
                ["BUILDKITE_PARALLEL_JOB": "0", "BUILDKITE_PARALLEL_JOB_COUNT": "3"],
                "shard 1 of 3"
            ),
            (
                ["BUILDKITE_PARALLEL_JOB": "2", "BUILDKITE_PARALLEL_JOB_COUNT": "3"],
                "shard 3 of 3"
            ),
            (["CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "3"], "shard 2 of 3"),
            (["CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "1"], nil),
            (["CI_NODE_TOTAL": "1"], nil), (["CI_NODE_INDEX": "", "CI_NODE_TOTAL": ""], nil),
            ([:], nil),
        ] as [([String: String], String?)]
    )
    func variables(_ environment: [String: String], _ shard: String?) async throws {
        let (database, roles, _) = try await shop()
        let arguments = database.options() + roles + ["-q"]
        let run = try await CommandRun.of(arguments, environment: environment)
        let last = run.standardOutput.split(separator: "\n").last ?? ""
        #expect(last.hasSuffix(shard.map { ", \($0)" } ?? " s"), "\(last)")
        // Whoever did not mean it must see it, also with -q.
        #expect(run.standardError.contains("pgsmoke: this is shard") == (shard != nil))
        let all = try await CommandRun.of(arguments + ["--shard", "1/1"], environment: environment)
        #expect(all.standardOutput.contains("shard 1 of 1"))
        #expect(!all.standardError.contains("this is"))
    }

    @Test(
        "A shard that makes no sense is exit 64 with one sentence, before any trial",
        arguments: [
            (["--shard", "0/4"], [:]), (["--shard", "5/4"], [:]), (["--shard", "x"], [:]),
            (["--shard", ""], [:]), ([], ["CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "4"]),
            ([], ["CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "4"]), ([], ["CI_NODE_INDEX": "1"]),
            ([], ["CI_NODE_TOTAL": "4"]), ([], ["CI_NODE_INDEX": "a", "CI_NODE_TOTAL": "b"]),
            ([], ["CIRCLE_NODE_INDEX": "4", "CIRCLE_NODE_TOTAL": "4"]),
            ([], ["BUILDKITE_PARALLEL_JOB": "-1", "BUILDKITE_PARALLEL_JOB_COUNT": "4"]),
            (["--write-baseline", "/tmp/never.json", "--shard", "1/2"], [:]),
        ] as [([String], [String: String])]
    )
    func nonsense(_ arguments: [String], _ environment: [String: String]) async throws {
        let run = try await CommandRun.of(
            ["-h", "/nonexistent"] + arguments,
            environment: environment
        )
        #expect(run.status == 64, "\(run.standardError)")
        #expect(run.standardOutput.isEmpty)
        #expect(
            run.standardError.contains("--shard")
                && !run.standardError.contains("no connection")
        )
    }

    @Test("A shard to which nothing belongs is empty, and the merged run is not")
    func empty() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(app); CREATE TABLE t (id int); GRANT INSERT ON t TO \(app);"
        )
        try await withTemporaryDirectory { directory in
            var statuses: [Int32] = []
            let files = (1...2).map { "\(directory)/\($0).json" }
            for (index, file) in files.enumerated() {
                let part = ["--role", app, "--shard", "\(index + 1)/2", "--json", file]
                let run = try await CommandRun.of(database.options() + part)
                statuses.append(run.status)
                if run.status == 3 {
                    let last = run.standardError.split(separator: "\n").last ?? ""
                    #expect(last.contains("exit 3: no case belongs to shard \(index + 1) of 2"))
                }
            }
            #expect(statuses.sorted() == [0, 3])
            #expect(try await CommandRun.of(["merge"] + files).status == 0)
        }
    }

    @Test("merge computes the exit code over all shards, by its own flags and baseline")
    func verdicts() async throws {
        let (database, all, _) = try await shop()
        let roles = Array(all.prefix(4))
        try await withTemporaryDirectory { directory in
            let files = (1...3).map { "\(directory)/\($0).json" }
            func run(_ more: [String] = []) async throws -> [Int32] {
                var statuses: [Int32] = []
                for (index, file) in files.enumerated() {
                    let part = ["--shard", "\(index + 1)/3", "--json", file]
                    statuses.append(
                        try await CommandRun.of(database.options() + roles + part + more).status
                    )
                }
                return statuses
            }
            #expect(try await run().contains(1))
            let baseline = "\(directory)/baseline.json"
            let first = try await CommandRun.of(
                ["merge", "--write-baseline", baseline] + files
            )
            #expect(first.status == 1)
            #expect(try await CommandRun.of(["merge", "--exit-zero"] + files).status == 0)
            #expect(
                try await CommandRun.of(["merge", "--baseline", baseline] + files).status == 0
            )
            let strict = try await CommandRun.of(["merge", "--strict", "--quiet"] + files)
            #expect(strict.status == 1)
            #expect(strict.standardError.contains("(--strict)"), "\(strict.standardError)")
            // Shards that were held against the baseline themselves need it no more.
            try database.execute("DROP TABLE jobs")
            #expect(try await run(["--baseline", baseline]) == [0, 0, 0])
            let known = try await CommandRun.of(["merge"] + files)
            #expect(known.status == 0)
            #expect(known.standardOutput.contains("│ gone"))
            #expect(known.standardOutput.contains("jobs"))
        }
    }

    @Test("What are not all shards of one run is exit 64 with one sentence and no report")
    func mistakes() async throws {
        let (database, roles, _) = try await shop()
        try await withTemporaryDirectory { directory in
            func run(_ name: String, _ arguments: [String]) async throws -> String {
                let file = "\(directory)/\(name).json"
                let options = database.options() + roles + arguments
                _ = try await CommandRun.of(options + ["--json", file])
                return file
            }
            let first = try await run("1", ["--shard", "1/2"])
            let second = try await run("2", ["--shard", "2/2"])
            let third = try await run("3", ["--shard", "2/3"])
            let narrow = try await run("narrow", ["--shard", "2/2", "-t", "t_*"])
            let whole = try await run("whole", [])
            try "{".write(toFile: "\(directory)/cut.json", atomically: true, encoding: .utf8)
            let out = "\(directory)/out.xml"
            for (files, fault) in [
                ([first], "shard 2 of 2 is missing"), ([first, first], "are both shard 1 of 2"),
                ([first, third], "shard 2 of 3"), ([first, whole], "is the report of a whole run"),
                ([first, narrow], "do not expect the same cases"),
                ([first, "\(directory)/none.json"], "none.json' is not there"),
                ([first, "\(directory)/cut.json"], "cut.json' ends in the middle (line 1)"),
                ([first, directory], "cannot be read"),
            ] {
                let merge = try await CommandRun.of(["merge", "--junit", out] + files)
                #expect(merge.status == 64)
                #expect(merge.standardOutput.isEmpty)
                #expect(merge.standardError.contains(fault), "\(merge.standardError)")
                #expect(merge.standardError.split(separator: "\n").count == 2)
                #expect(!FileManager.default.fileExists(atPath: out))
            }
            #expect(try await CommandRun.of(["merge"]).status == 64)
            #expect(try await CommandRun.of(["merge", second, first]).status == 1)
            #expect(try await CommandRun.of(["merge", whole]).status == 1)
        }
    }
}
