import Foundation
import TestSupport
import Testing

/// Bad input gets one clear sentence, the right exit code, and nothing is tried.
struct UsageTests {
    private func shop() async throws -> (TestDatabase, app: String) {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE SCHEMA billing;
                GRANT USAGE ON SCHEMA billing TO \(app);
                CREATE TABLE users (id int NOT NULL);
                CREATE TABLE billing.invoices (id int NOT NULL);
                CREATE TABLE "Odd.Name" (id int NOT NULL);
                GRANT INSERT ON users, billing.invoices, "Odd.Name" TO \(app);
                """
        )
        return (database, app)
    }

    @Test(
        "An unknown option, a bad value or an unknown subcommand is exit 64",
        arguments: [
            ["--no-such-option"], ["--jobs", "many"], ["--jobs", "0"], ["--lock-timeout", "soon"],
            ["--sequences", "perhaps"], ["--junit", "-", "--json", "-"], ["no-such-subcommand"],
            ["--role", ""],
        ]
    )
    func wrongUsage(arguments: [String]) async throws {
        let command = try await CommandRun.of(arguments)
        #expect(command.status == 64)
        #expect(command.standardOutput.isEmpty)
        #expect(command.standardError.contains("Error: "))
    }

    @Test("--help shows help on stdout and --version one line, both with exit 0")
    func help() async throws {
        for option in ["--help", "-?"] {
            let help = try await CommandRun.of([option])
            #expect(help.status == 0)
            #expect(help.standardOutput.contains("USAGE: pgsmoke"))
        }
        let run = try await CommandRun.of(["run", "--help"])
        #expect(run.standardOutput.contains("--sequences"))
        let version = try await CommandRun.of(["--version"])
        #expect(version.status == 0)
        #expect(version.standardOutput.split(separator: "\n").count == 1)
        #expect(version.standardOutput.hasPrefix("pgsmoke "))
    }

    @Test("An unknown role is exit 64 and named, with the nearest that is there")
    func unknownRole() async throws {
        let (database, app) = try await shop()
        let mistyped = String(app.dropLast()) + (app.last == "x" ? "y" : "x")
        let command = try await CommandRun.of(database.options() + ["--role", mistyped])
        #expect(command.status == 64)
        #expect(command.standardError.contains("'\(mistyped)'"))
        #expect(command.standardError.contains("did you mean"))
        let hostile = "no \"such\"\nrole'; DROP TABLE users; --"
        let second = try await CommandRun.of(database.options() + ["--role", hostile])
        #expect(second.status == 64)
        #expect(second.standardError.contains(#"no "such"\x0Arole'; DROP TABLE users; --"#))
        #expect(try database.rows("SELECT count(*) FROM users") == [["0"]])
    }

    @Test(
        "A pattern that matches nothing is exit 64 and named",
        arguments: [
            ["--schema", "no_such"], ["-N", "no_such"], ["-t", "no_such"], ["-T", "no_such*"],
            ["-t", "Users?"], ["-t", "billing.users"], ["-t", "a.b.c"], ["-t", "(users"],
            ["-n", "billing", "-t", "users"], ["-t", "\"USERS\""],
        ]
    )
    func unmatchedPattern(arguments: [String]) async throws {
        let (database, app) = try await shop()
        let command = try await CommandRun.of(database.options() + ["--role", app] + arguments)
        #expect(command.status == 64, "\(command.standardOutput)\(command.standardError)")
        #expect(command.standardOutput.isEmpty)
        #expect(command.standardError.contains("'\(arguments.last ?? "")'"))
    }

    @Test(
        "Patterns select as pg_dump's do, and intersect",
        arguments: [
            (["-t", "users"], ["public.users"]), (["-t", "USERS"], ["public.users"]),
            (["-t", "b*.inv*"], ["billing.invoices"]), (["-n", "billing"], ["billing.invoices"]),
            (["-N", "billing", "-T", "\"Odd*\""], []),
            (["-t", "\"Odd.Name\""], ["public.\"Odd.Name\""]),
            (["-N", "billing", "-T", "users"], ["public.\"Odd.Name\""]),
            (["-t", "(users|invoices)"], ["billing.invoices", "public.users"]),
            (["-t", "user?"], ["public.users"]), (["-n", "public", "-t", "us*"], ["public.users"]),
            (["-t", "users", "-t", "invoices", "-T", "public.*"], ["billing.invoices"]),
        ] as [([String], [String])]
    )
    func patterns(arguments: [String], expected: [String]) async throws {
        let (database, app) = try await shop()
        if expected.isEmpty {
            let command = try await CommandRun.of(database.options() + ["--role", app] + arguments)
            #expect(command.status == 64)
            return
        }
        let run = try await ReportedRun.of(database, ["--role", app] + arguments)
        #expect(run.report.trials.map(\.name) == expected.map { "insert \($0) as \(app)" })
    }

    @Test(
        "A report that cannot be written is exit 64 before any trial",
        arguments: ["--junit", "--json"]
    )
    func unwritableReport(option: String) async throws {
        let (database, app) = try await shop()
        for path in ["/nonexistent/report", "/"] {
            let command = try await CommandRun.of(
                database.options() + ["--role", app, option, path]
            )
            #expect(command.status == 64)
            #expect(command.standardOutput.isEmpty)
            #expect(command.standardError.contains("'\(path)'"))
            #expect(command.standardError.contains(option))
        }
    }

    @Test(
        "A report replaces the old one in one step and leaves no other file; misuse leaves it alone"
    )
    func reportFiles() async throws {
        let (database, app) = try await shop()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/report.xml"
            let link = "\(directory)/link.xml"
            try "old".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
            let misuse = try await CommandRun.of(
                database.options() + ["--role", "no_such_role", "--junit", file]
            )
            #expect(misuse.status == 64)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
            #expect(names(in: directory) == ["link.xml", "report.xml"])
            let command = try await CommandRun.of(
                database.options() + ["--role", app, "--junit", link]
            )
            #expect(command.status == 0)
            #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("<?xml"))
            #expect(names(in: directory) == ["link.xml", "report.xml"])
            let device = try await CommandRun.of(
                database.options() + ["--role", app, "--junit", "/dev/null"]
            )
            #expect(device.status == 0)
            let kind = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
            #expect(kind as? FileAttributeType == .typeCharacterSpecial)
        }
    }

    @Test("An empty database is exit 3, and its JUnit file is whole")
    func emptyDatabase() async throws {
        let database = try await TestServer.any.makeDatabase()
        let command = try await CommandRun.of(database.options() + ["--junit", "-"])
        #expect(command.status == 3)
        #expect(command.standardOutput.hasSuffix("</testsuites>\n"))
        #expect(command.standardError.split(separator: "\n").last?.contains("exit 3") ?? false)
    }

    @Test("A role that cannot be set is one error with the GRANT that would allow it; others go on")
    func unsettableRole() async throws {
        let (database, app) = try await shop()
        let other = uniqueRoleName("other")
        let tester = uniqueRoleName("tester")
        try database.execute(
            """
            CREATE ROLE \(other);
            CREATE ROLE \(tester) LOGIN;
            GRANT \(app) TO \(tester);
            """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "--role", other], as: tester)
        #expect(run.command.status == 2)
        let error = try #require(run.report.trial("set-role \(other)"))
        #expect(error.verdict == "error")
        #expect(error.type == "pgsmoke.SetRole")
        #expect(run.report.trials.count { $0.role == other } == 1)
        #expect(run.report.counts["passed"] == 3)
        #expect(run.command.standardError.contains("GRANT \(other) TO \(tester)"))
    }

    @Test("Each role's way to log in is told from the catalog")
    func logins() async throws {
        let (database, app) = try await shop()
        let expired = uniqueRoleName("expired")
        let group = uniqueRoleName("group")
        try database.execute(
            """
            CREATE ROLE \(expired) LOGIN VALID UNTIL '2001-01-01';
            CREATE ROLE \(group);
            GRANT \(group) TO \(app);
            """
        )
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "--role", expired, "--role", group]
        )
        let logins = Dictionary(uniqueKeysWithValues: run.report.logins.map { ($0.role, $0) })
        #expect(logins[app]?.canLogIn == true)
        #expect(logins[expired]?.canLogIn == false)
        #expect(logins[group]?.canLogIn == true)
        #expect(logins[group]?.why.contains(app) ?? false)
    }
}
