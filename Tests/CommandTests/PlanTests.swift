import Cluster
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The plan is a script that comes to what the run came to.
struct PlanTests {
    @Test(
        "psql gives each trial of the plan the SQLSTATE that the run had",
        .enabled(if: Psql.path != nil, "psql is needed"),
        arguments: TestServer.all.suffix(1),
        Fact.all
    )
    func sameStates(server: TestServer, fact: Fact) async throws {
        guard fact.holds(on: server.major) else { return }
        let fixture = fact.withUniqueRoles()
        let database = try await server.makeDatabase(sql: fixture.text)
        let before = try database.fingerprint()
        let plan = try await fixture.withArguments {
            try await CommandRun.of(["plan"] + database.options() + $0)
        }
        #expect(plan.status == 0, "\(plan.standardError)")
        let lines = try await Psql.output(of: plan.standardOutput, on: database)
        let run = try await fixture.withArguments { try await ReportedRun.of(database, $0) }
        // What the catalog decided, or nothing could be sent for, has no state.
        let states = run.report.trials.enumerated()
            .filter { plan.standardOutput.contains("\\echo \($0.offset + 1) :SQLSTATE") }
            .map { "\($0.offset + 1) \(Psql.state(of: $0.element))" }
        let unsent = plan.standardOutput.components(separatedBy: "nothing was sent").count - 1
        #expect(states.count + unsent == run.report.trials.count)
        #expect(lines == states, "\(plan.standardOutput)")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("Each trial stands there by its name, with where its values came from")
    func readable() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE TABLE "a
                \\! touch hostile; ""x" (v text NOT NULL);
                GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
                CREATE FOREIGN DATA WRAPPER nothing;
                CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
                CREATE FOREIGN TABLE away (v int) SERVER nowhere;
                """
        )
        let plan = try await CommandRun.of(["plan"] + database.options() + ["--role", app])
        #expect(plan.status == 0)
        #expect(
            plan.standardOutput.contains(
                #"-- trial: insert public."a\x0A\\! touch hostile; ""x" as \#(app)"#
            ),
            "\(plan.standardOutput)"
        )
        #expect(plan.standardOutput.contains("(v: sample of its type)"))
        #expect(
            plan.standardOutput.contains(
                "-- skipped, nothing was sent: foreign table not asked for"
            )
        )
        let states = try await Psql.output(of: plan.standardOutput, on: database)
        #expect(states == ["1 00000"])
    }

    @Test("Without a server, or with a report, there is no plan")
    func none() async throws {
        let missing = try await CommandRun.of(["plan", "-h", "/nonexistent"])
        #expect(missing.status == 2)
        #expect(missing.standardOutput.isEmpty)
        let report = try await CommandRun.of(["plan", "--json", "-"])
        #expect(report.status == 64)
    }
}

/// The newest `psql` at hand.
enum Psql {
    /// Runs the script and returns what it printed on stdout.
    static func output(of script: String, on database: TestDatabase) async throws -> [String] {
        let ending = try await Subprocess.run(
            .path(FilePath(path ?? "")),
            arguments: Arguments(["--no-psqlrc", "--no-password"] + database.options()),
            input: .string(script),
            output: .string(limit: 1_000_000),
            error: .discarded
        )
        return ending.standardOutput.split(separator: "\n").map(String.init)
    }

    static let path: String? = {
        let places =
            TestServer.all.reversed().map { "\($0.binaries.directory)/psql" }
            + ["/usr/bin/psql", "/usr/local/bin/psql"]
        return places.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// The state that it prints: before 18 it does not notice that a COPY failed in its data.
    static func state(of trial: Report.Trial) -> String {
        let isUnnoticed =
            trial.operation == "copy" && trial.stage != "table privilege"
            && TestServer.newest.major < 18
        return isUnnoticed && trial.sqlstate == "42501" ? "00000" : trial.sqlstate ?? "00000"
    }
}
