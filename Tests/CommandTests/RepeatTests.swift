import Foundation
import TestSupport
import Testing

/// The files that a run writes are the same from run to run and read by real readers.
struct RepeatTests {
    private func incident() async throws -> TestDatabase {
        let app = uniqueRoleName("app")
        let other = uniqueRoleName("other")
        return try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(other) LOGIN;
                CREATE TABLE parent (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
                CREATE TABLE child (id serial PRIMARY KEY, parent_id int NOT NULL REFERENCES parent);
                CREATE TABLE checked (n int NOT NULL CHECK (n = 12345));
                CREATE TABLE jobs (id serial PRIMARY KEY, kind text);
                CREATE TABLE secured (id int NOT NULL);
                ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app), \(other);
                GRANT USAGE ON SEQUENCE parent_id_seq, child_id_seq TO \(app);
                """
        )
    }

    @Test("Two runs give byte-identical JUnit but for time stamps and durations")
    func identical() async throws {
        let database = try await incident()
        var files: [String] = []
        for jobs in ["1", "4", "2"] {
            let run = try await CommandRun.of(database.options() + ["--junit", "-", "-j", jobs])
            #expect(run.status == 1)
            files.append(
                run.standardOutput
                    .replacing(#/ time="\d+\.\d{3}"/#, with: "")
                    .replacing(#/ timestamp="[^"]*"/#, with: "")
            )
        }
        #expect(files[0].contains("pgsmoke.MissingSequencePrivilege"))
        #expect(Set(files).count == 1)
    }

    @Test(
        "xmllint and junitparser read the file",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint"))
    )
    func readers() async throws {
        let database = try await incident()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/report.xml"
            let run = try await CommandRun.of(database.options() + ["--junit", file])
            #expect(run.status == 1)
            #expect(try status(of: "/usr/bin/xmllint", "--noout", file) == 0)
            if let python = ProcessInfo.processInfo.environment["PGSMOKE_TEST_PYTHON"] {
                let script = """
                    import sys
                    from junitparser import JUnitXml
                    suites = list(JUnitXml.fromfile(sys.argv[1]))
                    cases = [case for suite in suites for case in suite]
                    assert len(suites) == 2 and len(cases) == 10, (len(suites), len(cases))
                    assert sum(suite.failures for suite in suites) == 4, suites
                    """
                #expect(try status(of: python, "-c", script, file) == 0)
            }
        }
    }

    private func status(of program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(
        "Results go to stdout, everything else to stderr; the last line there tells the exit code"
    )
    func streams() async throws {
        let database = try await incident()
        let run = try await CommandRun.of(database.options())
        #expect(run.standardOutput.contains("FAILED"))
        #expect(!run.standardOutput.contains("\u{1B}"))
        #expect(
            run.standardError.split(separator: "\n").last?.hasPrefix("pgsmoke: exit 1:") ?? false
        )
        let quiet = try await CommandRun.of(database.options() + ["-q"])
        #expect(quiet.standardError.split(separator: "\n").count == 1)
        let verbose = try await CommandRun.of(database.options() + ["-v"])
        #expect(verbose.standardOutput.contains("insert public.parent"))
        let json = try await CommandRun.of(database.options() + ["--json", "-"])
        #expect(json.standardOutput.hasPrefix("{"))
        #expect(json.standardError.contains("FAILED"))
    }

    @Test("On a terminal there is colour, which NO_COLOR takes away and a pipeline has not")
    func terminal() async throws {
        let database = try await incident()
        let plain = ["TERM": "xterm"]
        let coloured = try await CommandRun.of(
            database.options(),
            environment: plain,
            onTerminal: true
        )
        #expect(coloured.status == 1)
        #expect(coloured.standardOutput.contains("\u{1B}["))
        let colourless = try await CommandRun.of(
            database.options(),
            environment: plain.merging(["NO_COLOR": "1"]) { $1 },
            onTerminal: true
        )
        #expect(!colourless.standardOutput.contains("\u{1B}[3"))
    }
}
