import Access
import Catalog
import Cluster
import Postgres
import TestSupport
import Testing
import Trials

@testable import Engine

@Suite struct RoleFrameTests {
    @Test(
        "A time is read as the server reads it",
        arguments: [
            "0", "500", "1500", "2s", "2 s", "1min", "1 min", "3h", "1d", "1.5s", "250ms", "0.5min",
            "5000us", "24d",
        ]
    )
    func milliseconds(text: String) async throws {
        let connection = try await TestServer.any.makeDatabase().connect()
        try connection.execute("SET lock_timeout = '\(text)'")
        let rows = try connection.execute(
            "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"
        )
        #expect(RoleFrame.milliseconds(text).map(String.init) == rows[0][0])
    }

    @Test("What is no time is none", arguments: ["", "soon", "s", "1 fortnight", "ms 5", "5 S"])
    func noTime(text: String) {
        #expect(RoleFrame.milliseconds(text) == nil)
    }

    @Test(
        "A frame puts on what a login as the role would have",
        arguments: TestServer.all
    )
    func likeLogin(server: TestServer) async throws {
        let stem = uniqueRoleName("r")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(stem)_tester LOGIN;
                CREATE ROLE \(stem)_app LOGIN;
                GRANT \(stem)_app TO \(stem)_tester;
                ALTER ROLE \(stem)_app SET t.own = 'role';
                ALTER ROLE \(stem)_app SET t.two = 'role';
                ALTER ROLE \(stem)_app SET t.three = 'role';
                ALTER ROLE \(stem)_app SET search_path = '$user', "Odd schema", public;
                ALTER ROLE \(stem)_app SET t.hostile = 'it''s \\ "=x"';
                ALTER ROLE \(stem)_app SET t.empty = '';
                ALTER ROLE \(stem)_tester SET search_path = testers_own;
                ALTER ROLE \(stem)_tester SET t.database_beats = 'tester';
                ALTER ROLE \(stem)_tester SET t.leak = 'tester';
                ALTER ROLE \(stem)_tester SET work_mem = '123kB';
                ALTER ROLE \(stem)_tester SET t.two = 'tester';
                """
        )
        try database.execute(
            """
            ALTER ROLE \(stem)_app IN DATABASE \(database.name) SET t.two = 'role in database';
            ALTER ROLE \(stem)_app IN DATABASE \(database.name) SET t.three = 'role in database';
            ALTER ROLE \(stem)_app IN DATABASE \(database.name) SET t.here = 'role in database';
            ALTER DATABASE \(database.name) SET t.three = 'database';
            ALTER DATABASE \(database.name) SET t.base = 'database';
            ALTER DATABASE \(database.name) SET t.database_beats = 'database';
            ALTER DATABASE \(database.name) SET t.own = 'database';
            """
        )
        let connection = try database.connect(as: "\(stem)_tester")
        let snapshot = try Snapshot.read(from: connection)
        let role = try #require(snapshot.rolesByName["\(stem)_app"])
        let frame = RoleFrame(for: role, in: snapshot, options: EngineOptions(), configured: [:])
        let question = """
            SELECT current_user, current_setting('search_path'), current_setting('work_mem'),
                   \(["own", "two", "three", "hostile", "empty", "here", "base",
                      "database_beats", "leak"]
                .map { "coalesce(current_setting('t.\($0)', true), '')" }.joined(separator: ", "))
            """
        let login = try database.connect(as: "\(stem)_app").execute(question)
        let lines = try frame.lines(with: connection)
        let tried = try connection.exchange(["BEGIN"] + lines + [question, "ROLLBACK"])
        #expect(tried.count == lines.count + 3)
        guard case .succeeded(_, let row) = tried[lines.count + 1] else {
            Issue.record("\(tried)")
            return
        }
        #expect([row] == login)
        #expect(row.contains("role in database"))
    }

    @Test("What is set for all roles and databases gives way to all else")
    func forAll() async throws {
        // On a server of its own, since one of the settings is for all.
        let values = try await withServer(of: TestServer.any.binaries) { server in
            let database = try server.makeDatabase(
                sql: "CREATE ROLE app LOGIN; ALTER ROLE postgres SET t.value = 'connecting role'"
            )
            var values: [String] = []
            for target in [
                "ROLE ALL", "DATABASE \(database.name)", "ROLE app",
                "ROLE app IN DATABASE \(database.name)",
            ] {
                try database.execute("ALTER \(target) SET t.value = '\(target)'")
                let login = try database.rows("SHOW t.value", as: "app")
                let snapshot = try database.snapshot()
                let role = try #require(snapshot.rolesByName["app"])
                let found = LoginSettings(of: role, in: snapshot, configured: [:])
                #expect(found.values["t.value"] == login.first?[0])
                values.append(found.values["t.value"] ?? "")
            }
            return values
        }
        #expect(Set(values).count == 4)
    }

    @Test("Time limits of a role's own count if they are shorter than those of the run")
    func timeouts() async throws {
        let frame = try await self.frame(
            settings: [
                "lock_timeout": "1s", "statement_timeout": "1h",
                "idle_in_transaction_session_timeout": "1s",
                "default_transaction_read_only": "on",
                "default_transaction_isolation": "repeatable read", "work_mem": "1MB",
            ],
            options: EngineOptions(lockTimeout: 2_000, statementTimeout: 30_000)
        )
        let settings = frame.settings.map { "\($0.name)=\($0.value)" }
        #expect(settings == ["transaction_read_only=on", "lock_timeout=1s", "work_mem=1MB"])
        #expect(frame.isolation == "REPEATABLE READ")
        let strict = try await self.frame(
            settings: ["lock_timeout": "3s", "statement_timeout": "0"],
            options: EngineOptions(lockTimeout: 2_000, statementTimeout: 30_000)
        )
        #expect(strict.settings == [])
    }

    @Test("A role whose settings make another role of it is tried as that one")
    func otherRole() async throws {
        let stem = uniqueRoleName("r")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(stem)_app LOGIN;
                CREATE ROLE \(stem)_hat;
                CREATE ROLE \(stem)_foreign;
                CREATE ROLE \(stem)_lost LOGIN;
                GRANT \(stem)_hat TO \(stem)_app;
                ALTER ROLE \(stem)_app SET role = '\(stem)_hat';
                ALTER ROLE \(stem)_lost SET role = '\(stem)_foreign';
                """
        )
        let snapshot = try database.snapshot()
        for (name, effective) in [("app", "hat"), ("lost", "lost")] {
            let role = try #require(snapshot.rolesByName["\(stem)_\(name)"])
            let frame = RoleFrame(
                for: role,
                in: snapshot,
                options: EngineOptions(),
                configured: [:]
            )
            #expect(frame.role == role)
            #expect(frame.effective.name == "\(stem)_\(effective)")
            #expect(frame.vacuity == nil)
        }
    }

    @Test("Only a superuser's results are vacuous from the start")
    func vacuity() async throws {
        let snapshot = try await TestServer.any.makeDatabase().snapshot()
        for (name, isVacuous) in [("postgres", true), ("pg_monitor", false)] {
            let role = try #require(snapshot.rolesByName[name])
            let frame = RoleFrame(
                for: role,
                in: snapshot,
                options: EngineOptions(),
                configured: [:]
            )
            #expect((frame.vacuity != nil) == isVacuous)
        }
    }

    private func frame(
        settings: [String: String],
        options: EngineOptions
    ) async throws -> RoleFrame {
        let role = uniqueRoleName("r")
        let lines = settings.map { "ALTER ROLE \(role) SET \($0) = '\($1)';" }.joined()
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role); \(lines)")
        let snapshot = try database.snapshot()
        return RoleFrame(
            for: try #require(snapshot.rolesByName[role]),
            in: snapshot,
            options: options,
            configured: [:]
        )
    }
}

extension TestDatabase {
    func snapshot(as role: String? = nil) throws -> Snapshot {
        try Snapshot.read(from: connect(as: role))
    }
}
