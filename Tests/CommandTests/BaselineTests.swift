import Foundation
import TestSupport
import Testing

/// An old database adopts pgsmoke with what fails there today, and is told of all that is new.
struct BaselineTests {
    /// Two tables whose sequences were forgotten, and one that works.
    private func old() async throws -> (TestDatabase, app: String) {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE TABLE good (id int NOT NULL);
                CREATE TABLE jobs (id serial PRIMARY KEY);
                CREATE TABLE events (id serial PRIMARY KEY);
                GRANT INSERT ON good, jobs, events TO \(app);
                """
        )
        return (database, app)
    }

    private func lastLine(_ run: CommandRun) -> String {
        run.standardError.split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test("What failed before is known, what is new fails, and what was cured is named")
    func adoption() async throws {
        let (database, app) = try await old()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/baseline.json"
            let options = ["--role", app]
            let first = try await CommandRun.of(
                database.options() + options + ["--write-baseline", file]
            )
            #expect(first.status == 1)
            #expect(try names(in: file) == ["events", "jobs"])

            let second = try await ReportedRun.of(database, options + ["--baseline", file])
            #expect(second.command.status == 0)
            #expect(second.report.trials.count { $0.verdict == "failed" && $0.known } == 2)
            #expect(second.command.standardError.contains("2 known, 1 passed"))
            #expect(
                lastLine(second.command)
                    == "pgsmoke: exit 0: nothing failed but 2 failures that the baseline knows"
            )

            try database.execute(
                """
                CREATE TABLE fresh (id serial PRIMARY KEY);
                GRANT INSERT ON fresh TO \(app);
                GRANT USAGE ON SEQUENCE jobs_id_seq TO \(app);
                REVOKE INSERT ON events FROM \(app);
                """
            )
            let third = try await ReportedRun.of(database, options + ["--baseline", file])
            #expect(third.command.status == 1)
            // The sequence was known; that the table itself is closed now is news.
            let new = third.report.trials.filter { $0.verdict == "failed" && !$0.known }
            #expect(new.map(\.object.name) == ["events", "fresh"])
            #expect(third.report.baseline?.cured == ["insert public.jobs as \(app)"])
            #expect(third.command.standardError.contains("│ cured     insert public.jobs as"))
            #expect(third.command.standardError.contains("3 passed") == false)

            try database.execute("DROP TABLE events, fresh")
            let fourth = try await ReportedRun.of(database, options + ["--baseline", file])
            #expect(fourth.command.status == 0)
            #expect(fourth.report.baseline?.gone == ["insert public.events as \(app)"])
        }
    }

    private func names(in file: String) throws -> [String] {
        let data = try Data(contentsOf: URL(filePath: file))
        return try JSONDecoder().decode(Report.self, from: data).trials.map(\.object.name)
    }

    @Test("In JUnit a known failure is to be seen and fails nothing")
    func junit() async throws {
        let (database, app) = try await old()
        try await withTemporaryDirectory { directory in
            let json = "\(directory)/report.json"
            // Any JSON report is a baseline.
            _ = try await CommandRun.of(database.options() + ["--role", app, "--json", json])
            let run = try await CommandRun.of(
                database.options() + ["--role", app, "--baseline", json, "--junit", "-"]
            )
            #expect(run.status == 0)
            #expect(run.standardOutput.contains("failures=\"0\" errors=\"0\" skipped=\"2\""))
            #expect(run.standardOutput.contains("<skipped message=\"known: \(app) lacks USAGE on"))
        }
    }

    @Test("One file can be read and written in one run; it changes only with what fails")
    func sameFile() async throws {
        let (database, app) = try await old()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/baseline.json"
            let options = database.options() + ["--role", app, "--write-baseline", file]
            _ = try await CommandRun.of(options)
            try database.execute("GRANT USAGE ON SEQUENCE jobs_id_seq TO \(app)")
            let both = try await CommandRun.of(options + ["--baseline", file])
            #expect(both.status == 0)
            #expect(try names(in: file) == ["events"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 1)
            try database.execute("REVOKE USAGE ON SEQUENCE jobs_id_seq FROM \(app)")
            let again = try await CommandRun.of(options + ["--baseline", file])
            #expect(again.status == 1)
            #expect(try names(in: file) == ["events", "jobs"])
        }
    }

    @Test("A run that did not come to its end leaves the baseline as it was, and says so")
    func unfinished() async throws {
        let (database, app) = try await old()
        let other = uniqueRoleName("other")
        let tester = uniqueRoleName("tester")
        try database.execute(
            """
            CREATE ROLE \(other);
            CREATE ROLE \(tester) LOGIN;
            GRANT \(app) TO \(tester);
            """
        )
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/baseline.json"
            try "old".write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await CommandRun.of(
                database.options(as: tester)
                    + ["--role", app, "--role", other, "--write-baseline", file]
            )
            #expect(run.status == 2)
            #expect(run.standardError.contains("'\(file)' stays as it was"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 1)
        }
    }

    @Test("An error is not excused by a baseline that holds it")
    func errors() async throws {
        let (database, _) = try await old()
        let other = uniqueRoleName("other")
        let tester = uniqueRoleName("tester")
        try database.execute("CREATE ROLE \(other); CREATE ROLE \(tester) LOGIN;")
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/report.json"
            let options = database.options(as: tester) + ["--role", other]
            _ = try await CommandRun.of(options + ["--json", file])
            let run = try await CommandRun.of(options + ["--baseline", file, "--exit-zero"])
            #expect(run.status == 2)
        }
    }

    @Test(
        "A baseline that is no use is exit 64 before any trial, with file, fault and cure",
        arguments: [
            (nil, "is not there"), ("", "is empty"),
            ("{\"schemaVersion\": 1", "ends in the middle"),
            ("not JSON", "is not JSON (line 1)"), ("{}", "is JSON, but no report of pgsmoke"),
            ("{\"schemaVersion\": 7, \"pgsmoke\": \"3.0\"}", "has schemaVersion 7"),
        ] as [(String?, String)]
    )
    func unusable(_ text: String?, _ fault: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/base.json"
            try text?.write(toFile: file, atomically: true, encoding: .utf8)
            let run = try await CommandRun.of([
                "-h", "/nonexistent", "--baseline", file, "--json", "\(directory)/out.json",
            ])
            #expect(run.status == 64)
            #expect(run.standardOutput.isEmpty)
            let lines = run.standardError.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].hasPrefix("pgsmoke: --baseline: '\(file)' \(fault)"))
            #expect(lines[0].contains("write it anew with --write-baseline"))
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/out.json"))
        }
        let folder = try await CommandRun.of(["--baseline", "/"])
        #expect(folder.status == 64)
        #expect(folder.standardError.contains("'/' cannot be read (Is a directory)"))
    }

    @Test(
        "--strict, --exit-zero and --allow-empty change only what they say, and the last line fits",
        arguments: [
            (["-t", "good"], 0, "every expectation held"),
            (["-t", "good", "--strict"], 0, "every expectation held"),
            (["-t", "jobs"], 1, "1 expectation failed"),
            (["-t", "jobs", "--exit-zero"], 0, "1 expectation failed, let pass by --exit-zero"),
            (["-t", "jobs", "--allow-empty"], 1, "1 expectation failed"),
            (["-t", "picky"], 3, "not one trial passed or failed"),
            (["-t", "picky", "--exit-zero"], 3, "not one trial passed or failed"),
            (
                ["-t", "picky", "--allow-empty"], 0,
                "not one trial passed or failed, let pass by --allow-empty"
            ),
            (["-t", "picky", "--strict"], 1, "1 inconclusive (--strict)"),
            (["-t", "picky", "--strict", "--allow-empty"], 1, "1 inconclusive (--strict)"),
            (
                ["-t", "picky", "--strict", "--exit-zero"], 0,
                "1 inconclusive (--strict), let pass by --exit-zero"
            ),
            (["-t", "(good|picky)"], 0, "no expectation failed, 1 inconclusive"),
            (["-t", "foreign_things", "--strict"], 1, "1 skipped (--strict)"),
            (["-t", "good", "--role", "SUPER"], 0, "every expectation held"),
            (["-t", "good", "--role", "SUPER", "--strict"], 1, "2 vacuous (--strict)"),
        ] as [([String], Int32, String)]
    )
    func flags(_ arguments: [String], _ status: Int32, _ meaning: String) async throws {
        let (database, app) = try await old()
        let superuser = uniqueRoleName("super")
        try database.execute(
            """
            CREATE ROLE \(superuser) SUPERUSER;
            CREATE TABLE picky (id int NOT NULL);
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'never'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE FOREIGN DATA WRAPPER nowhere;
            CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
            CREATE FOREIGN TABLE foreign_things (id int) SERVER nowhere;
            GRANT INSERT ON picky, foreign_things TO \(app);
            """
        )
        let role = arguments.contains("--role") ? [] : ["--role", app]
        let named = arguments.map { $0 == "SUPER" ? superuser : $0 }
        let run = try await CommandRun.of(database.options() + role + named)
        #expect(run.status == status, "\(run.standardOutput)\(run.standardError)")
        #expect(lastLine(run) == "pgsmoke: exit \(status): \(meaning)")
    }

    @Test("Strictly, the baseline knows what proved nothing before, too")
    func strictly() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) SUPERUSER;
                CREATE TABLE t (id int NOT NULL);
                """
        )
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/baseline.json"
            let options = database.options() + ["--role", app, "--strict"]
            let first = try await CommandRun.of(options + ["--write-baseline", file])
            #expect(first.status == 1)
            let second = try await CommandRun.of(options + ["--baseline", file])
            #expect(second.status == 0, "\(second.standardError)")
            #expect(second.standardOutput.contains("KNOWN"))
        }
    }

    @Test("A pair that no rule covers can be known as well")
    func uncovered() async throws {
        let (database, app) = try await old()
        try await withTemporaryDirectory { directory in
            let settings = "\(directory)/pgsmoke.yml"
            try "tables: { good: { allow: { \(app): [insert] } } }\nroles: { \(app): {} }\n"
                .write(toFile: settings, atomically: true, encoding: .utf8)
            let file = "\(directory)/baseline.json"
            let options = database.options() + ["-c", settings]
            let first = try await CommandRun.of(options + ["--write-baseline", file])
            #expect(first.status == 1)
            #expect(try names(in: file) == ["events", "jobs"])
            let second = try await ReportedRun.of(database, ["-c", settings, "--baseline", file])
            #expect(second.command.status == 0)
            #expect(second.report.trials.count { $0.verdict == "uncovered" && $0.known } == 2)
        }
    }

    @Test("plan and fix give no verdict and refuse the options", arguments: ["plan", "fix"])
    func others(command: String) async throws {
        for option in [["--strict"], ["--exit-zero"], ["--allow-empty"], ["--baseline", "b"]] {
            let run = try await CommandRun.of([command] + option)
            #expect(run.status == 64)
            #expect(run.standardError.contains("gives no verdict"))
        }
    }
}
