import Foundation
import Postgres
import TestSupport
import Testing

/// Connected as no superuser.
struct PlainTesterTests {
    @Test(
        "In the roles alone nothing is false and what is missing is said; in the owners too all is as for a superuser",
        arguments: Set([TestServer.any, .newest])
    )
    func facts(server: TestServer) async throws {
        for fact in Fact.all where fact.holds(on: server.major) {
            let scene = try await Scene(fact, on: server)
            try scene.admit(to: scene.roles)
            let poor = try await scene.run(as: scene.tester)
            let superuser = try await scene.run()
            let said = poor.report.notes.joined(separator: "\n")
            #expect(poor.report.sequencesConsumed.isEmpty || said.contains("SET membership"))
            for (trial, twin) in scene.pairs(poor, superuser) {
                if ["passed", "failed", "skipped"].contains(trial.verdict) {
                    #expect(Scene.essence(of: trial) == Scene.essence(of: twin), "\(fact)")
                } else if trial.verdict != twin.verdict {
                    let words = (trial.reason ?? "") + said
                    #expect(words.contains("SET membership"), "\(fact): \(trial) \(said)")
                }
            }
            try scene.admit(to: [scene.owner])
            let rich = try await scene.run(as: scene.tester)
            for (trial, twin) in scene.pairs(rich, superuser) {
                #expect(Scene.essence(of: trial) == Scene.essence(of: twin), "\(fact)")
            }
            try scene.dismissTester()
        }
    }

    @Test(
        "Rows that need each other by keys that are not deferrable take a superuser, and that is said",
        arguments: Set([TestServer.any, .newest])
    )
    func hardRing(server: TestServer) async throws {
        let (app, owner, tester) = (
            uniqueRoleName("app"), uniqueRoleName("owner"), uniqueRoleName("tester")
        )
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(owner);
                CREATE ROLE \(tester) LOGIN NOINHERIT;
                GRANT \(app), \(owner) TO \(tester);
                CREATE TABLE mode (name text PRIMARY KEY, token text NOT NULL);
                CREATE TABLE lock (name text NOT NULL REFERENCES mode, token text NOT NULL, UNIQUE (name, token));
                ALTER TABLE mode ADD FOREIGN KEY (name, token) REFERENCES lock (name, token);
                ALTER TABLE mode OWNER TO \(owner);
                ALTER TABLE lock OWNER TO \(owner);
                GRANT INSERT ON mode TO \(app);
                """
        )
        let arguments = ["--role", app, "-t", "mode", "--operations", "insert"]
        let plain = try await ReportedRun.of(database, arguments, as: tester)
        #expect(plain.report.trials.map(\.verdict) == ["inconclusive"])
        let reason = plain.report.trials.first?.reason ?? ""
        #expect(
            reason.contains(
                "rows of public.mode and public.lock must refer to each other by keys that are not "
                    + "deferrable, and only a superuser may switch keys off"
            ),
            "\(reason)"
        )
        let superuser = try await ReportedRun.of(database, arguments)
        #expect(superuser.report.trials.map(\.verdict) == ["passed"])
    }
}

/// A fact whose objects belong to a role that is no superuser, and a tester who may connect.
private struct Scene {
    let owner = uniqueRoleName("plain_owner")
    let tester = uniqueRoleName("tester")
    let roles: [String]
    private let fact: Fact
    private let database: TestDatabase
    private let server: TestServer

    init(_ fact: Fact, on server: TestServer) async throws {
        self.server = server
        self.fact = fact.withUniqueRoles()
        roles = self.fact.roles.sorted()
        database = try await server.makeDatabase()
        let loader = uniqueRoleName("loader")
        try database.execute(
            """
            CREATE ROLE \(owner);
            CREATE ROLE \(tester) LOGIN NOINHERIT;
            CREATE ROLE \(loader) LOGIN SUPERUSER;
            ALTER DATABASE \(database.name) OWNER TO \(owner);
            """
        )
        try database.execute(self.fact.text, as: loader)
        try database.execute("REASSIGN OWNED BY \(loader) TO \(owner); DROP ROLE \(loader)")
    }

    /// Lets the tester SET ROLE to the roles, without their privileges.
    func admit(to roles: [String]) throws {
        let options = server.major >= 16 ? "WITH INHERIT FALSE, SET TRUE" : ""
        let existing = try database.rows("SELECT rolname FROM pg_roles").compactMap { $0[0] }
        for role in roles where existing.contains(role) {
            try database.execute("GRANT \(role) TO \(tester) \(options)")
        }
    }

    /// Drops the tester: a role that a login may become counts as one in use, in every database.
    func dismissTester() throws { try database.execute("DROP ROLE \(tester)") }

    func run(as user: String? = nil) async throws -> ReportedRun {
        try await ReportedRun.of(database, fact.arguments, as: user)
    }

    /// The trials of the fact's roles in both runs.
    func pairs(_ run: ReportedRun, _ other: ReportedRun) -> [(Report.Trial, Report.Trial)] {
        func ours(_ run: ReportedRun) -> [Report.Trial] {
            run.report.trials.filter { roles.contains($0.role) }
        }
        #expect(ours(run).map(\.name) == ours(other).map(\.name), "\(fact)")
        return Array(zip(ours(run), ours(other)))
    }

    /// What must not depend on who connects.
    static func essence(of trial: Report.Trial) -> [String?] {
        // Where no policy lets any row through, the verdict needs neither a row nor the server's refusal.
        let state = trial.type == "pgsmoke.RowSecurity" ? nil : trial.sqlstate
        return [trial.name, trial.verdict, trial.type, trial.reason, trial.stage, state]
            + trial.missing.map { "\($0.privilege) \($0.kind) \($0.name) \($0.grantee)" }
    }
}
