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
        ///
        /// A line `-- from 14: CREATE TABLE …` counts from that version on.
        func load(
            on server: TestServer
        ) throws -> (sql: String, role: String, doomed: [String: String]) {
            let file = repository.appending(path: "fixtures/rows/\(rawValue).sql")
            let role = uniqueRoleName("app")
            let text = try String(contentsOf: file, encoding: .utf8).replacing("{app}", with: role)
                .replacing(#/^-- from ([0-9]+): /#.anchorsMatchLineEndings()) { match in
                    Int(match.1).map { $0 <= server.major } ?? false ? "" : String(match.0)
                }
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
        let (sql, role, doomed) = try schema.load(on: server)
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
        let (sql, role, doomed) = try schema.load(on: server)
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
        let (sql, role, _) = try Schema.awkward.load(on: .any)
        let database = try await TestServer.any.makeDatabase(sql: sql)
        let run = try await ReportedRun.of(database, ["--role", role, "--row-budget", "0"])
        let tables = ["ordered", "remainder", "by_list", "stones", "computed_json", "friends"]
        for name in tables {
            let trial = run.report.trials.first { $0.object.name == name }
            #expect(trial?.verdict == "inconclusive", "\(name)")
        }
    }

    @Test(
        "Types of extensions are filled where they are installed",
        arguments: TestServer.all,
        [
            ("citext", "(v citext NOT NULL UNIQUE CHECK (v ~ '^[a-z]{3}-[0-9]+$'))"),
            ("hstore", "(v hstore NOT NULL CHECK (v ? 'name' AND v -> 'kind' = 'box'))"),
            ("ltree", "(v ltree NOT NULL CHECK (nlevel(v) >= 3))"),
            (
                "postgis",
                """
                (p geometry(Point, 4326) NOT NULL, g geography(Polygon, 4326) NOT NULL,
                 m geometry(MultiPolygon, 3857) NOT NULL CHECK (st_isvalid(m)),
                 z geometry(PointZM) NOT NULL, a geometry(Polygon) NOT NULL CHECK (st_area(a) > 100),
                 c geometry(GeometryCollection, 4326) NOT NULL,
                 u geometry NOT NULL CHECK (st_srid(u) = 4326 AND geometrytype(u) = 'LINESTRING'))
                """
            ),
        ]
    )
    func extensionTypes(server: TestServer, type: (name: String, columns: String)) async throws {
        let role = uniqueRoleName("app")
        let database = try await server.makeDatabase(sql: "CREATE ROLE \(role); CREATE SCHEMA own")
        let isThere = try database.rows(
            "SELECT FROM pg_available_extensions WHERE name = '\(type.name)'"
        )
        guard !isThere.isEmpty else { return }
        try database.execute(
            """
            CREATE EXTENSION \(type.name);
            CREATE TABLE own.t \(type.columns);
            GRANT USAGE ON SCHEMA own TO \(role);
            GRANT INSERT ON own.t TO \(role);
            """
        )
        let run = try await ReportedRun.of(database, ["--role", role, "-n", "own"])
        #expect(run.report.trials.map(\.verdict) == ["passed"], "\(run.report.trials)")
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
