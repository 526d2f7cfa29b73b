import Foundation
import Postgres
import TestSupport
import Testing

/// A tester that may do little still gets what it may get.
struct FewRightsTests {
    /// Returns a database with so many tables that the first role may write and the second can test,
    /// with no more connections than the limit.
    private func tables(_ count: Int, limit: Int, on server: TestServer) async throws
        -> (database: TestDatabase, app: String, tester: String)
    {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(tester) LOGIN NOINHERIT CONNECTION LIMIT \(limit);
                GRANT \(app) TO \(tester);
                \((1...count).map { "CREATE TABLE t\($0) (id int);" }.joined())
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                """
        )
        return (database, app, tester)
    }

    @Test("One connection suffices, whatever --jobs says", arguments: TestServer.all)
    func oneConnection(server: TestServer) async throws {
        let (database, app, tester) = try await tables(3, limit: 1, on: server)
        let run = try await ReportedRun.of(database, ["--role", app, "-j", "3"], as: tester)
        #expect(run.command.status == 0)
        #expect(run.report.counts["passed"] == 3)
        #expect(run.report.notes.contains { $0.contains("fewer connections") })
    }

    @Test(
        "A large catalog, too, is read over no more than the server has left",
        arguments: [1, 2, 3]
    )
    func largeCatalog(limit: Int) async throws {
        let (database, app, tester) = try await tables(3, limit: limit, on: TestServer.any)
        try database.execute(wideTables)
        let before = try database.fingerprint()
        let arguments = ["--role", app, "-j", "3", "-t", "t*"]
        let run = try await ReportedRun.of(database, arguments, as: tester)
        #expect(run.command.status == 0)
        #expect(run.report.counts["passed"] == 3)
        #expect(
            run.report.notes.contains { $0.contains("\(limit) and not 3") } == (limit < 3),
            "\(run.report.notes)"
        )
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("No more connections are opened than the server has left", arguments: TestServer.all)
    func freeSlots(server: TestServer) async throws {
        let (database, app, tester) = try await tables(4, limit: 3, on: server)
        let held = try database.connect(as: tester)
        let run = try await ReportedRun.of(database, ["--role", app, "-j", "4"], as: tester)
        #expect(run.report.counts["passed"] == 4)
        #expect(run.report.notes.contains { $0.contains("2 and not 4") }, "\(run.report.notes)")
        _ = try held.execute("SELECT 1")
    }

    @Test("A parent that only the tried role may read is read as that role")
    func parentOfTheTriedRole() async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE ROLE \(tester) LOGIN NOINHERIT;
                GRANT \(app) TO \(tester);
                CREATE TABLE parent (id int PRIMARY KEY);
                INSERT INTO parent VALUES (7);
                CREATE TABLE child (parent int NOT NULL REFERENCES parent);
                GRANT SELECT ON parent TO \(app);
                GRANT INSERT ON child TO \(app);
                """
        )
        let run = try await ReportedRun.of(database, ["--role", app, "-t", "child"], as: tester)
        #expect(run.report.trials.map(\.verdict) == ["passed"])
    }

    @Test("The GRANT for a role that cannot be set names a role that may run it")
    func grantOfSetRole() async throws {
        let app = uniqueRoleName("app")
        let tester = uniqueRoleName("tester")
        let database = try await TestServer.any.makeDatabase(
            sql:
                "CREATE ROLE \(app); CREATE ROLE \(tester) LOGIN NOINHERIT; CREATE TABLE t (id int);"
        )
        let run = try await ReportedRun.of(database, ["--role", app], as: tester)
        #expect(run.command.status == 2)
        let trial = try #require(run.report.trials.first)
        #expect(trial.name == "set-role \(app)")
        #expect(trial.type == "pgsmoke.SetRole")
        let cure = try #require(trial.cure.first)
        try database.execute(cure.sql, as: cure.runBy)
        let again = try await ReportedRun.of(database, ["--role", app], as: tester)
        #expect(again.report.trials.map(\.type) == ["pgsmoke.MissingTablePrivilege"])
    }
}
