import Catalog
import Cluster
import Postgres
import TestSupport
import Testing
import Trials

@testable import Engine

@Suite struct DeclarationCheckTests {
    /// A database with `t(a int, b text)`, its owner and a role that may use it, and a tester.
    private struct Place {
        let database: TestDatabase
        let stem = uniqueRoleName("d")

        init(on server: TestServer) async throws {
            database = try await server.makeDatabase(
                sql: """
                    CREATE ROLE \(stem)_app LOGIN;
                    CREATE ROLE \(stem)_tester LOGIN;
                    GRANT \(stem)_app TO \(stem)_tester;
                    CREATE SCHEMA closed;
                    CREATE TABLE closed.t (a int, b text, c varchar(3));
                    CREATE FUNCTION closed.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
                    ALTER ROLE \(stem)_app SET search_path = closed;
                    """
            )
        }

        func check(
            _ column: Int,
            _ expression: String,
            as user: String? = nil
        ) throws -> DeclarationCheck.UnusableValue? {
            let connection = try database.connect(as: user)
            let snapshot = try Snapshot.read(from: connection)
            let table = try #require(snapshot.orderedRelations.first { $0.name == "t" })
            let value = Declarations.Value(expression: expression, place: "x:1")
            let unusable = try DeclarationCheck(
                Declarations(values: [table.oid: [column: value]]),
                in: snapshot,
                options: EngineOptions(),
                over: connection
            ).unusableValue(for: ["\(stem)_app"])
            #expect(!connection.isInTransaction)
            #expect(try connection.execute("SELECT session_user = current_user") == [["t"]])
            return unusable
        }
    }

    private static let breakouts = [
        "'a'); COMMIT; --", "'a'; COMMIT", "'a'), ('b'", "'a')), (('b'", "'a', 'b') , ('c'",
        "'a') FROM pg_class WHERE (true", "'a') UNION SELECT ('b'", "'a' /*", "'a", "$x$a", "--",
        "", "'a') ON CONFLICT DO NOTHING --", "'a') RETURNING (b", "'a')) RETURNING ((b",
        "1) OR (2", "DEFAULT", "$1", "'a') IS NULL ORDER BY ('b'", "'a' AS x", "*", "'a')(",
        "1,", "'a') ;--", "E'\\') ; COMMIT; --'; --", "'a') LIMIT (1",
        "'a'\n); COMMIT; SELECT (\n'b'", "'a'), (SELECT 'b'", "\"", "'a'))--",
    ]

    @Test(
        "No text breaks out of the parentheses, seen by a superuser or by one who sees nothing",
        arguments: breakouts
    )
    func breakout(expression: String) async throws {
        let place = try await Place(on: .any)
        for user in [nil, "\(place.stem)_tester"] {
            #expect(try place.check(2, expression, as: user) != nil, "as \(user ?? "superuser")")
        }
        #expect(try place.database.rows("SELECT count(*) FROM closed.t") == [["0"]])
    }

    @Test(
        "What hides a breakout behind something closed to the tester is found all the same",
        arguments: [
            "closed.f(1)), (2", "closed.f(1)); COMMIT; --",
            "closed.f(1)) FROM closed.t WHERE (true",
            "closed.f(1)), (closed.f(2)",
        ]
    )
    func closedBreakout(expression: String) async throws {
        let place = try await Place(on: .any)
        let tester = "\(place.stem)_tester"
        #expect(try place.check(1, expression, as: tester) != nil)
        #expect(try place.check(1, "closed.f(1)", as: tester) == nil)
    }

    @Test(
        "One expression that fits the column passes, on every version",
        arguments: TestServer.all
    )
    func fitting(server: TestServer) async throws {
        let place = try await Place(on: server)
        let fitting: [(Int, String)] = [
            (1, "1"), (1, "1 -- one"), (1, "/* one */ 1"), (1, "(1) + (2)"), (1, "(SELECT 1)"),
            (1, "CASE WHEN true THEN 1 END"), (1, "NULL"), (1, "'7'"), (1, "closed.f(1)"),
            (2, "'it''s'"), (2, "$$); COMMIT; --$$"), (2, "'); COMMIT; --'"), (2, "current_user"),
            (2, "E'\\''"), (2, "'a' || 'b'"), (3, "'longer than three'"),
        ]
        for (column, expression) in fitting {
            #expect(try place.check(column, expression) == nil, "\(expression)")
        }
    }

    @Test("A name is looked up along the path of the role that will be tried")
    func searchPath() async throws {
        let place = try await Place(on: .any)
        #expect(try place.check(1, "f(1)") == nil)
        #expect(try place.check(1, "g(1)") != nil)
    }

    @Test(
        "What does not fit the column is refused with the server's error",
        arguments: [
            (1, "'x'", "22P02"), (1, "now()", "42804"), (1, "no_such", "42703"),
            (1, "count(*)", "42803"), (1, "generate_series(1, 2)", "0A000"),
        ]
    )
    func misfits(column: Int, expression: String, state: String) async throws {
        let place = try await Place(on: .any)
        guard case .refused(let error) = try place.check(column, expression)?.reason else {
            Issue.record("\(expression) passed")
            return
        }
        #expect(error.sqlState.code == state)
    }

    @Test("Parameters that no session can have are found, those of superusers are left for later")
    func parameters() async throws {
        let place = try await Place(on: .any)
        let connection = try place.database.connect(as: "\(place.stem)_tester")
        let snapshot = try Snapshot.read(from: connection)
        func check(_ name: String, _ value: String) throws -> DeclarationCheck.UnusableParameter? {
            try DeclarationCheck(
                Declarations(parameters: ["x": [.init(name: name, value: value)]]),
                in: snapshot,
                options: EngineOptions(),
                over: connection
            ).unusableParameter()
        }
        for (name, value) in [
            ("work_mem", "1MB"), ("app.x", "it's"), ("Search_Path", "a, b"), ("app.x", ""),
            ("session_replication_role", "replica"), ("log_statement", "all"),
        ] {
            #expect(try check(name, value) == nil, "\(name)")
        }
        for (name, value, state) in [
            ("serach_path", "a", "42704"), ("shared_buffers", "1GB", "55P02"),
            ("work_mem", "much", "22023"), ("server_version", "1", "55P02"),
        ] {
            #expect(try check(name, value)?.error.sqlState.code == state, "\(name)")
        }
        #expect(try check("serach_path", "a")?.known.contains("search_path") == true)
        #expect(!connection.isInTransaction)
    }

    @Test("Declared parameters come on top of the role's own, whatever their capitals")
    func onTop() async throws {
        let place = try await Place(on: .any)
        try place.database.execute(
            """
            ALTER ROLE \(place.stem)_app SET timezone = 'CET';
            ALTER ROLE \(place.stem)_app SET app.own = 'own';
            """
        )
        let connection = try place.database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let role = try #require(snapshot.rolesByName["\(place.stem)_app"])
        let frame = RoleFrame(
            for: role,
            in: snapshot,
            options: EngineOptions(),
            configured: [:],
            declared: [
                .init(name: "timezone", value: "UTC"), .init(name: "App.Tenant", value: "4'2"),
                .init(name: "lock_timeout", value: "1h"),
                .init(name: "application_name", value: "mine"),
            ]
        )
        let lines = try frame.lines(with: connection)
        let results = try connection.exchange(
            ["BEGIN"] + lines + [
                """
                SELECT current_setting('timezone'), current_setting('app.own'),
                       current_setting('app.tenant'), current_setting('lock_timeout'),
                       current_setting('search_path'), current_setting('application_name')
                """
            ]
        )
        #expect(
            results.last
                == .succeeded(affected: 1, firstRow: ["UTC", "own", "4'2", "0", "closed", "mine"])
        )
    }
}
