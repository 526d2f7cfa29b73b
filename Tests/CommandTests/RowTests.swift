import Foundation
import TestSupport
import Testing

/// Tables that are hard to fill, in `fixtures/rows`.
struct RowTests {
    /// One file of `fixtures/rows`.
    enum Schema: String, CaseIterable {
        case awkward, subtypes

        var tables: Int {
            switch self {
            case .awkward: 80
            case .subtypes: 24
            }
        }

        /// The schema, with a role of its own, and what must be said of tables that take no row.
        func load() throws -> (sql: String, role: String, doomed: [String: String]) {
            let file = repository.appending(path: "fixtures/rows/\(rawValue).sql")
            let role = uniqueRoleName("app")
            let text = try String(contentsOf: file, encoding: .utf8).replacing("{app}", with: role)
            var doomed: [String: String] = [:]
            for line in text.split(separator: "\n") {
                for word in ["full:", "impossible:"] where line.hasPrefix("-- \(word)") {
                    for name in line.dropFirst(word.count + 4).split(separator: ", ") {
                        doomed[String(name)] = word
                    }
                }
            }
            return (text, role, doomed)
        }
    }

    private func check(_ report: Report, _ doomed: [String: String], of schema: Schema) {
        #expect(report.trials.count >= schema.tables)
        for trial in report.trials {
            if let word = doomed[trial.object.name] {
                #expect(trial.verdict == "inconclusive", "\(trial)")
                #expect(trial.reason?.hasPrefix(word) ?? false, "\(trial)")
            } else {
                #expect(trial.verdict == "passed", "\(trial)")
            }
        }
        #expect(Set(doomed.keys).isSubset(of: report.trials.map(\.object.name)))
    }

    @Test(
        "Every awkward table is filled, or said to be full or impossible",
        arguments: TestServer.all,
        Schema.allCases
    )
    func awkwardTables(server: TestServer, schema: Schema) async throws {
        let (sql, role, doomed) = try schema.load()
        let database = try await server.makeDatabase(sql: sql)
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, ["--role", role])
        check(run.report, doomed, of: schema)
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "So it is without superuser, by SET membership in the role alone",
        arguments: TestServer.all,
        Schema.allCases
    )
    func awkwardTablesWithoutSuperuser(server: TestServer, schema: Schema) async throws {
        let (sql, role, doomed) = try schema.load()
        let tester = uniqueRoleName("tester")
        let database = try await server.makeDatabase(
            sql: sql + """
                CREATE ROLE \(tester) LOGIN NOINHERIT;
                GRANT \(role) TO \(tester);
                """
        )
        let run = try await ReportedRun.of(database, ["--role", role], as: tester)
        check(run.report, doomed, of: schema)
    }

    @Test("With no budget the first guess stands alone")
    func withoutBudget() async throws {
        let (sql, role, _) = try Schema.awkward.load()
        let database = try await TestServer.any.makeDatabase(sql: sql)
        let run = try await ReportedRun.of(database, ["--role", role, "--row-budget", "0"])
        let tables = ["ordered", "remainder", "by_list", "stones", "computed_json", "friends"]
        for name in tables {
            let trial = run.report.trials.first { $0.object.name == name }
            #expect(trial?.verdict == "inconclusive", "\(name)")
        }
    }

    @Test("Reports show values only to who asks for them")
    func values() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(role);
                CREATE TABLE t (a text NOT NULL CHECK (a = 'visible'), b integer NOT NULL CHECK (md5(b::text) = 'x'));
                GRANT INSERT ON t TO \(role);
                """
        )
        let plain = try await ReportedRun.of(database, ["--role", role, "-v"])
        #expect(plain.report.trials.first?.reason?.contains("values: { b:") ?? false)
        #expect(!plain.command.standardOutput.contains("visible"))
        #expect(!plain.command.standardError.contains("visible"))
        let shown = try await ReportedRun.of(database, ["--role", role, "-v", "--show-rows"])
        #expect(shown.command.standardOutput.contains("a: 'visible', constant of a constraint"))
        #expect(shown.command.standardOutput.contains("(visible, 1)"))
    }
}
