import Foundation
import TestSupport
import Testing

/// `pgsmoke fix` and `--fix`.
struct FixTests {
    private func shop() async throws -> (TestDatabase, app: String) {
        let app = uniqueRoleName("app")
        let owner = uniqueRoleName("owner")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE ROLE \(owner);
                CREATE SCHEMA a AUTHORIZATION \(owner);
                CREATE SCHEMA b;
                CREATE TABLE b.t (id serial PRIMARY KEY, v text NOT NULL);
                CREATE TABLE b.closed (v text NOT NULL);
                ALTER TABLE b.closed ENABLE ROW LEVEL SECURITY;
                GRANT INSERT ON b.t, b.closed TO \(app);
                SET ROLE \(owner);
                CREATE TABLE a.t (id serial PRIMARY KEY, v text NOT NULL);
                """
        )
        return (database, app)
    }

    @Test("The script groups by role, names the cases, is the same every time and cures")
    func script() async throws {
        let (database, app) = try await shop()
        let options = database.options() + ["--role", app, "-T", "closed"]
        let first = try await CommandRun.of(["fix"] + options)
        let second = try await CommandRun.of(["fix"] + options + ["-j", "1"])
        #expect(first.status == 0)
        #expect(first.standardOutput == second.standardOutput)
        #expect(first.standardError.contains("the script cures every failure"))
        let lines = first.standardOutput.split(separator: "\n").map(String.init)
        let roles = lines.filter { $0.hasPrefix("SET LOCAL ROLE ") }
        #expect(roles.count == 4)
        #expect(lines.contains("-- cures: insert a.t as \(app)"))
        #expect(lines.filter { $0 == "BEGIN;" || $0 == "COMMIT;" } == ["BEGIN;", "COMMIT;"])
        let grants = lines.filter { $0.hasPrefix("GRANT ") }
        #expect(Set(grants).count == grants.count)
        try database.execute(first.standardOutput)
        try database.execute(first.standardOutput)
        let after = try await CommandRun.of(["fix"] + options)
        #expect(after.status == 0)
        #expect(!after.standardOutput.contains("BEGIN;"))
    }

    @Test("A failure that no GRANT cures makes it exit 1, with the reason in the script")
    func incurable() async throws {
        let (database, app) = try await shop()
        let command = try await CommandRun.of(["fix"] + database.options() + ["--role", app])
        #expect(command.status == 1)
        #expect(command.standardOutput.contains("-- Not cured by this script:"))
        #expect(command.standardOutput.contains("-- insert b.closed as \(app): "))
        #expect(command.standardOutput.contains("with it the trial still fails: row security"))
        #expect(command.standardOutput.contains("COMMIT;"))
    }

    @Test("No connection is exit 2, and no script")
    func noConnection() async throws {
        let command = try await CommandRun.of(["fix", "-h", "/nonexistent", "-d", "x"])
        #expect(command.status == 2)
        #expect(!command.standardOutput.contains("BEGIN"))
    }

    @Test("Reports and the script do not fight for stdout")
    func stdout() async throws {
        let wrong = [
            ["run", "--fix", "-", "--json", "-"], ["fix", "--json", "x"], ["fix", "--fix", "x"],
            ["plan", "--fix", "x"],
        ]
        for arguments in wrong {
            #expect(try await CommandRun.of(arguments).status == 64)
        }
        let (database, app) = try await shop()
        let run = try await CommandRun.of(database.options() + ["--role", app, "--fix", "-"])
        #expect(run.status == 1)
        #expect(run.standardOutput.hasPrefix("-- pgsmoke fix: "))
        #expect(run.standardError.contains("FAILED"))
    }
}
