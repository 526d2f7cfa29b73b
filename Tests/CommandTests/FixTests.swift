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

    @Test("What opens a schema to a role comes before what that role grants in it")
    func order() async throws {
        let (app, owner, keeper) = (
            uniqueRoleName("app"), uniqueRoleName("a_owner"), uniqueRoleName("z_keeper")
        )
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(owner);
                CREATE ROLE \(keeper);
                CREATE SCHEMA store AUTHORIZATION \(keeper);
                CREATE TABLE store.parent (id int PRIMARY KEY, v text);
                INSERT INTO store.parent VALUES (1, 'x');
                ALTER TABLE store.parent OWNER TO \(owner);
                CREATE TABLE t (id int PRIMARY KEY, p int NOT NULL REFERENCES store.parent);
                CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM v FROM store.parent WHERE id = NEW.p; RETURN NEW; END $$;
                CREATE TRIGGER zz AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION look();
                GRANT INSERT ON t TO \(app);
                GRANT USAGE ON SCHEMA store TO \(app);
                """
        )
        let options = database.options() + ["--role", app, "-t", "t", "--operations", "insert"]
        let fix = try await CommandRun.of(["fix"] + options)
        #expect(fix.status == 0, "\(fix.standardOutput)")
        let script = fix.standardOutput
        let opening = try #require(script.range(of: "GRANT USAGE ON SCHEMA store TO \(owner)"))
        let reading = try #require(script.range(of: "GRANT SELECT ON store.parent TO \(app)"))
        #expect(opening.lowerBound < reading.lowerBound)
        try database.execute(script)
        #expect(try await CommandRun.of(["run"] + options).status == 0)
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
