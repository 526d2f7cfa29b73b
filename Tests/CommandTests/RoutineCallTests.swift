import Foundation
import TestSupport
import Testing

/// The operation `execute`: by the catalog, and by a call that the settings file gives.
struct RoutineCallTests {
    /// Functions and a procedure in a schema of their own, and what the roles hold on them.
    private func database(_ app: String, on server: TestServer) async throws -> TestDatabase {
        try await server.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE SCHEMA f;
                GRANT USAGE ON SCHEMA f TO \(app);
                CREATE TABLE f.notes (id serial PRIMARY KEY, v text);
                CREATE FUNCTION f.open(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
                CREATE FUNCTION f.closed() RETURNS int LANGUAGE sql AS 'SELECT 1';
                CREATE FUNCTION f.writes(t text) RETURNS void LANGUAGE sql AS
                    'INSERT INTO f.notes (v) VALUES (t)';
                CREATE FUNCTION f.raises() RETURNS void LANGUAGE plpgsql AS
                    $$ BEGIN RAISE 'not today' USING ERRCODE = '42501'; END $$;
                CREATE FUNCTION f.broken() RETURNS void LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM gone FROM f.nowhere; END $$;
                CREATE PROCEDURE f.tidies(n int) LANGUAGE plpgsql AS
                    $$ BEGIN UPDATE f.notes SET v = NULL WHERE id = n; END $$;
                CREATE PROCEDURE f.commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
                REVOKE EXECUTE ON FUNCTION f.closed() FROM PUBLIC;
                GRANT SELECT, UPDATE ON f.notes TO \(app);
                """
        )
    }

    private let calls = """
        functions:
          f.open: { call: "f.open(1) -- a comment" }
          f.closed(): { call: f.closed() }
          f.writes(text): { call: "f.writes('it''s; COMMIT')" }
          f.raises(): { call: f.raises() }
          f.broken(): { call: f.broken() }
          f.tidies(integer): { call: f.tidies(1) }
          f.commits(): { call: f.commits() }
        """

    private func run(
        _ database: TestDatabase,
        _ text: String,
        _ options: [String] = []
    ) async throws -> ReportedRun {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            return try await ReportedRun.of(database, ["-c", file, "-n", "f"] + options)
        }
    }

    @Test(
        "A call is carried out and rolled back, and its denials are told",
        arguments: TestServer.all
    )
    func called(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await database(app, on: server)
        let before = try database.rows("SELECT count(*), max(v) FROM f.notes")
        let run = try await run(database, "roles: { \(app): { operations: [execute] } }\n" + calls)
        let verdicts = run.report.trials.map {
            "\($0.object.name) \($0.verdict) \($0.type?.dropFirst(8) ?? "")"
        }
        #expect(
            verdicts == [
                "broken() failed BrokenFunction", "closed() failed MissingFunctionPrivilege",
                "commits() inconclusive Inconclusive", "open(integer) passed ",
                "raises() inconclusive Inconclusive", "tidies(integer) passed ",
                "writes(text) failed MissingTablePrivilege",
            ],
            "\(run.report.trials)"
        )
        let writes = try #require(run.report.trials.last)
        #expect(
            writes.cure.map(\.sql) == [
                "GRANT INSERT ON f.notes TO \(app)",
                "GRANT USAGE ON SEQUENCE f.notes_id_seq TO \(app)",
            ]
        )
        #expect(!writes.cure.contains { !$0.proven })
        #expect(try database.rows("SELECT count(*), max(v) FROM f.notes") == before)
        // What a proof drew is as it was.
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.rows("SELECT is_called FROM f.notes_id_seq") == [["f"]])
        for cure in writes.cure { try database.execute(cure.sql) }
        let again = try await self.run(
            database,
            "roles: { \(app): { operations: [execute] } }\n" + calls
        )
        #expect(again.report.trials.last?.verdict == "passed")
        #expect(again.report.trials.last?.decidedBy == "execution")
    }

    @Test("A call that sets a sequence moves nothing, and UPDATE on it is never proposed")
    func setval() async throws {
        let app = uniqueRoleName("app")
        let database = try await database(app, on: .any)
        try database.execute(
            """
            CREATE SEQUENCE f.s;
            CREATE FUNCTION f.sets() RETURNS bigint LANGUAGE sql AS $$ SELECT setval('f.s', 5) $$;
            CREATE FUNCTION f.draws() RETURNS bigint LANGUAGE plpgsql AS
                $$ BEGIN RETURN nextval('f.' || 's'); END $$;
            GRANT USAGE ON SEQUENCE f.s TO \(app);
            """
        )
        let file = """
            roles: { \(app): { operations: [execute] } }
            functions: { f.sets(): { call: f.sets() }, f.draws(): { call: f.draws() } }
            """
        let run = try await run(database, file)
        let sets = try #require(run.report.trial("execute f.sets() as \(app)"))
        #expect(sets.verdict == "failed")
        #expect(sets.cure.isEmpty)
        #expect(sets.reason?.contains("no GRANT is proposed") ?? false, "\(sets)")
        // What is put together at run time cannot be foreseen: it is counted or, to be kept, an error.
        #expect(run.report.trial("execute f.draws() as \(app)")?.verdict == "passed")
        #expect(run.report.sequencesConsumed.map(\.values) == [1])
        #expect(try database.rows("SELECT last_value FROM f.s") == [["1"]])
        let kept = try await self.run(database, file, ["--sequences", "preserve"])
        #expect(kept.report.trial("execute f.draws() as \(app)")?.verdict == "error")
        #expect(kept.command.status == 2)
    }

    @Test(
        "The plan of a call gives the same SQLSTATE",
        .enabled(if: Psql.path != nil, "psql is needed")
    )
    func plan() async throws {
        let app = uniqueRoleName("app")
        let database = try await database(app, on: .any)
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try "roles: { \(app): { operations: [execute] } }\n\(calls)"
                .write(toFile: file, atomically: true, encoding: .utf8)
            let plan = try await CommandRun.of(
                ["plan"] + database.options() + ["-c", file, "-n", "f"]
            )
            #expect(plan.status == 0)
            let states = try await Psql.output(of: plan.standardOutput, on: database)
            #expect(
                states == [
                    "1 42P01", "2 42501", "3 2D000", "4 00000", "5 42501", "6 00000", "7 42501",
                ]
            )
        }
    }

    @Test("Without a call the catalog decides, and nothing runs", arguments: TestServer.all)
    func decided(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await database(app, on: server)
        let run = try await run(database, "roles: { \(app): { deny: [execute] } }")
        let allowed = run.report.trials.filter { $0.verdict == "failed" }.map(\.object.name)
        #expect(!allowed.contains("closed()"))
        #expect(allowed.count == 6)
        #expect(run.report.trials.allSatisfy { $0.decidedBy == "catalog" })
    }

    @Test("A denied call that goes through fails, and one that is denied passes")
    func denied() async throws {
        let app = uniqueRoleName("app")
        let database = try await database(app, on: .any)
        let run = try await run(database, "roles: { \(app): { deny: [execute] } }\n" + calls)
        let verdicts = Dictionary(
            uniqueKeysWithValues: run.report.trials.map { ($0.object.name, $0.verdict) }
        )
        #expect(verdicts["open(integer)"] == "failed")
        #expect(verdicts["closed()"] == "passed")
        #expect(verdicts["writes(text)"] == "passed")
        #expect(verdicts["raises()"] == "inconclusive")
    }
}
