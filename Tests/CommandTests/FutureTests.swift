import TestSupport
import Testing

/// Whether the next migration's tables will work, and why a failure comes back.
struct FutureTests {
    /// Tables made by `deploy`, defaults for `migrator`.
    private func story(on server: TestServer) async throws -> Story {
        let roles = ["deploy", "migrator", "app"].map(uniqueRoleName)
        let (deploy, migrator, app) = (roles[0], roles[1], roles[2])
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(deploy);
                CREATE ROLE \(migrator);
                CREATE ROLE \(app) LOGIN;
                CREATE SCHEMA shop;
                GRANT USAGE, CREATE ON SCHEMA shop TO \(deploy), \(migrator);
                GRANT USAGE ON SCHEMA shop TO \(app);
                ALTER DEFAULT PRIVILEGES FOR ROLE \(migrator) IN SCHEMA shop GRANT INSERT ON TABLES TO \(app);
                ALTER DEFAULT PRIVILEGES FOR ROLE \(migrator) GRANT USAGE ON SEQUENCES TO \(app);
                SET ROLE \(migrator);
                CREATE TABLE shop.old (id serial PRIMARY KEY, v text NOT NULL);
                RESET ROLE;
                SET ROLE \(deploy);
                CREATE TABLE shop.new (id serial PRIMARY KEY, v text NOT NULL);
                """
        )
        return Story(database: database, deploy: deploy, migrator: migrator, app: app)
    }

    private struct Story {
        let database: TestDatabase
        let deploy: String
        let migrator: String
        let app: String

        var endings: [String] {
            let start = "ALTER DEFAULT PRIVILEGES FOR ROLE \(deploy) IN SCHEMA shop GRANT"
            return [
                "\(start) INSERT ON TABLES TO \(app)", "\(start) USAGE ON SEQUENCES TO \(app)",
            ]
        }
    }

    @Test(
        "The report says whom the defaults cover and who made the table; its statements end it",
        arguments: TestServer.all
    )
    func defaultPrivileges(server: TestServer) async throws {
        let story = try await story(on: server)
        let before = try story.database.fingerprint()
        let run = try await ReportedRun.of(story.database, ["--role", story.app, "--future"])
        #expect(try story.database.fingerprint().difference(from: before) == [])
        #expect(run.report.trial("insert shop.old as \(story.app)")?.verdict == "passed")
        let failed = try #require(run.report.trial("insert shop.new as \(story.app)"))
        let recurrence = try #require(failed.recurs)
        #expect(
            recurrence.why
                == "the default privileges in schema shop give \(story.app) INSERT on new tables of "
                + "\(story.migrator) only, and shop.new belongs to \(story.deploy)"
        )
        #expect(recurrence.cure.map(\.sql) == story.endings)
        #expect(!recurrence.cure.contains { !$0.proven || $0.runBy != story.deploy })

        let next = "future shop by \(story.deploy) as \(story.app)"
        let other = "future shop by \(story.migrator) as \(story.app)"
        #expect(run.report.trial(other)?.verdict == "passed")
        let future = try #require(run.report.trial(next))
        #expect(future.verdict == "failed")
        #expect(future.type == "pgsmoke.MissingTablePrivilege")
        #expect(future.cure.map(\.sql) == story.endings)
        #expect(!future.cure.contains { !$0.proven })

        try story.database.execute(story.endings.joined(separator: ";"))
        let again = try await ReportedRun.of(story.database, ["--role", story.app, "--future"])
        #expect(again.report.trial(next)?.verdict == "passed")
        // The table that is there lacks what it lacked, and the next one will not.
        #expect(again.report.trial("insert shop.new as \(story.app)")?.verdict == "failed")
        #expect(again.report.trial("insert shop.new as \(story.app)")?.recurs == nil)
    }

    @Test("The fix script of a run with --future makes all of it pass", arguments: TestServer.all)
    func fix(server: TestServer) async throws {
        let story = try await story(on: server)
        let options = story.database.options() + ["--role", story.app, "--future"]
        let command = try await CommandRun.of(["fix"] + options)
        #expect(command.status == 0)
        #expect(command.standardOutput.contains("SET LOCAL ROLE \(story.deploy);"))
        try story.database.execute(command.standardOutput)
        let run = try await ReportedRun.of(story.database, ["--role", story.app, "--future"])
        #expect(run.command.status == 0, "\(run.report.trials)")
    }

    @Test("Default privileges for tables alone leave the sequence out, as the facts have it")
    func tablesOnly() async throws {
        let story = try await story(on: TestServer.any)
        try story.database.execute(story.endings[0])
        let run = try await ReportedRun.of(story.database, ["--role", story.app, "--future"])
        let future = try #require(
            run.report.trial("future shop by \(story.deploy) as \(story.app)")
        )
        #expect(future.type == "pgsmoke.MissingSequencePrivilege")
        #expect(future.cure.map(\.sql) == [story.endings[1]])
    }

    @Test("A role with settings of its own is tried like any other")
    func roleSettings() async throws {
        let story = try await story(on: TestServer.any)
        try story.database.execute(
            story.endings.joined(separator: ";") + ";ALTER ROLE \(story.app) SET search_path = shop"
        )
        let run = try await ReportedRun.of(story.database, ["--role", story.app, "--future"])
        let future = run.report.trial("future shop by \(story.deploy) as \(story.app)")
        #expect(future?.verdict == "passed", "\(future?.reason ?? "")")
    }

    @Test("A creator that cannot be become is no case but a note", arguments: TestServer.all)
    func unreachableCreator(server: TestServer) async throws {
        let story = try await story(on: server)
        let tester = uniqueRoleName("tester")
        try story.database.execute(
            "CREATE ROLE \(tester) LOGIN; GRANT \(story.app), \(story.migrator) TO \(tester)"
        )
        let run = try await ReportedRun.of(
            story.database,
            ["--role", story.app, "--future"],
            as: tester
        )
        let names = run.report.trials.map(\.name).filter { $0.hasPrefix("future") }
        #expect(names == ["future shop by \(story.migrator) as \(story.app)"])
        #expect(run.report.notes.contains { $0.hasSuffix("creators: \(story.deploy)") })
    }

    @Test("pgsmoke plan shows the SQL of future trials, which changes nothing")
    func plan() async throws {
        let story = try await story(on: TestServer.any)
        let command = try await CommandRun.of(
            ["plan"] + story.database.options() + ["--role", story.app, "--future"]
        )
        #expect(command.standardOutput.contains("CREATE TABLE \"shop\".\"pgsmoke_future\""))
        #expect(!command.standardOutput.contains("ALTER DEFAULT PRIVILEGES"))
    }

    @Test("Without --future there is no future trial")
    func notAskedFor() async throws {
        let story = try await story(on: TestServer.any)
        let run = try await ReportedRun.of(story.database, ["--role", story.app])
        #expect(!run.report.trials.contains { $0.name.hasPrefix("future") })
    }
}
