import Access
import Catalog
import Cluster
import Settings
import TestSupport
import Testing
import Trials

@Suite struct DeclaredExpectationsTests {
    private static let relations = """
        CREATE TABLE a (id serial);
        CREATE TABLE b (n integer);
        CREATE VIEW writable AS SELECT * FROM b;
        CREATE VIEW counting AS SELECT count(*) FROM b;
        CREATE MATERIALIZED VIEW stored AS SELECT * FROM b;
        CREATE SEQUENCE alone;
        """

    @Test("Every declared role is to insert into everything that takes an insert")
    func everyRole() async throws {
        let stem = uniqueRoleName("app")
        let snapshot = try await snapshot(
            of: "CREATE ROLE \(stem)_2; CREATE ROLE \(stem)_1; \(Self.relations)"
        )
        let expected = try Expectations(
            declaring: ["\(stem)_2", "\(stem)_1", "\(stem)_2"],
            operations: [.insert],
            on: snapshot.expectedObjects,
            AccessMap(snapshot)
        )
        #expect(
            expected.trials.map(\.name) == [
                "insert public.a as \(stem)_2", "insert public.b as \(stem)_2",
                "insert public.writable as \(stem)_2", "insert public.a as \(stem)_1",
                "insert public.b as \(stem)_1", "insert public.writable as \(stem)_1",
            ]
        )
        #expect(expected.trials.allSatisfy { !$0.isInferred && $0.expected == .allowed })
        #expect(
            expected.leftOut.map { "\($0.object.name): \($0.reason)" } == [
                "counting: view that cannot be written",
                "stored: materialized view, which takes no insert",
            ]
        )
    }

    @Test("A declared superuser, owner or group is tried like any other")
    func noExceptions() async throws {
        let role = uniqueRoleName("boss")
        let snapshot = try await snapshot(
            of: "CREATE ROLE \(role) SUPERUSER; CREATE TABLE t (); ALTER TABLE t OWNER TO \(role)"
        )
        let expected = try Expectations(
            declaring: [role, "pg_monitor"],
            operations: [.insert],
            on: snapshot.expectedObjects,
            AccessMap(snapshot)
        )
        #expect(expected.trials.map(\.role) == [role, "pg_monitor"])
    }

    @Test(
        "A role that is not there is told with those that are",
        arguments: ["nobody", "POSTGRES", ""]
    )
    func unknown(name: String) async throws {
        let snapshot = try await snapshot(of: "CREATE TABLE t ()")
        let thrown = #expect(throws: UnknownRole.self) {
            try Expectations(
                declaring: ["postgres", name],
                operations: [.insert],
                on: snapshot.expectedObjects,
                AccessMap(snapshot)
            )
        }
        #expect(thrown?.name == name)
        #expect(thrown?.known.contains("postgres") == true)
        #expect(thrown.map { $0.known == $0.known.sorted() } == true)
    }

    private func snapshot(of sql: String) async throws -> Snapshot {
        try await TestServer.any.makeDatabase(sql: sql).snapshot()
    }
}

@Suite struct InferredExpectationsTests {
    @Test("A role that may log in and holds INSERT is to insert", arguments: TestServer.all)
    func logins(server: TestServer) async throws {
        let trials = try await inferred(
            """
            CREATE ROLE $_app LOGIN;
            CREATE ROLE $_idle LOGIN;
            CREATE TABLE granted (a integer);
            CREATE TABLE columns (a integer, b integer);
            CREATE TABLE only_read (a integer);
            CREATE TABLE not_granted (a integer);
            GRANT INSERT ON granted TO $_app;
            GRANT INSERT (b) ON columns TO $_app;
            GRANT SELECT, UPDATE, DELETE ON only_read TO $_app;
            """,
            on: server
        )
        #expect(trials == ["columns as $_app", "granted as $_app"])
    }

    @Test("What all may do, every role that may log in is to do", arguments: TestServer.all)
    func everybody(server: TestServer) async throws {
        let trials = try await inferred(
            """
            CREATE ROLE $_1 LOGIN;
            CREATE ROLE $_2 LOGIN NOINHERIT;
            CREATE ROLE $_no;
            CREATE TABLE t (a integer);
            GRANT INSERT ON t TO PUBLIC;
            """,
            on: server
        )
        #expect(trials == ["t as $_1", "t as $_2"])
    }

    @Test(
        "A group that a login inherits from is tried through the login",
        arguments: TestServer.all
    )
    func groups(server: TestServer) async throws {
        let trials = try await inferred(
            """
            CREATE ROLE $_writers;
            CREATE ROLE $_users;
            CREATE ROLE $_app LOGIN;
            GRANT $_writers TO $_users;
            GRANT $_users TO $_app;
            CREATE TABLE t (a integer);
            GRANT INSERT ON t TO $_writers;
            """,
            on: server
        )
        #expect(trials == ["t as $_app"])
    }

    @Test("A role that a login may only SET ROLE to is tried itself", arguments: TestServer.all)
    func setOnly(server: TestServer) async throws {
        let trials = try await inferred(
            """
            CREATE ROLE $_hat;
            CREATE ROLE $_deeper;
            CREATE ROLE $_unused;
            CREATE ROLE $_both;
            CREATE ROLE $_app LOGIN NOINHERIT;
            CREATE ROLE $_other LOGIN;
            GRANT $_hat, $_both TO $_app;
            GRANT $_both TO $_other;
            GRANT $_deeper TO $_hat;
            CREATE TABLE t (a integer);
            GRANT INSERT ON t TO $_hat, $_deeper, $_unused, $_both;
            """,
            on: server
        )
        // $_both is a mere group for $_other.
        #expect(trials == ["t as $_deeper", "t as $_hat", "t as $_other"])
    }

    @Test("From 16 the membership decides, not the member")
    func membershipOptions() async throws {
        guard let server = TestServer.all.first(where: { $0.major >= 16 }) else { return }
        let trials = try await inferred(
            """
            CREATE ROLE $_hat;
            CREATE ROLE $_hidden;
            CREATE ROLE $_group;
            CREATE ROLE $_app LOGIN;
            GRANT $_hat TO $_app WITH INHERIT FALSE;
            GRANT $_hidden TO $_app WITH INHERIT FALSE, SET FALSE;
            CREATE TABLE t (a integer);
            GRANT INSERT ON t TO $_hat, $_hidden;
            """,
            on: server
        )
        #expect(trials == ["t as $_hat"])
    }

    @Test("Superusers and a table's owner are left out", arguments: TestServer.all)
    func powerful(server: TestServer) async throws {
        let trials = try await inferred(
            """
            CREATE ROLE $_super LOGIN SUPERUSER;
            CREATE ROLE $_owner LOGIN;
            CREATE ROLE $_bypass LOGIN BYPASSRLS;
            CREATE ROLE $_member LOGIN;
            GRANT $_owner TO $_member;
            CREATE TABLE mine (a integer);
            CREATE TABLE other (a integer);
            ALTER TABLE mine OWNER TO $_owner;
            GRANT INSERT ON other TO $_owner, $_bypass;
            """,
            on: server
        )
        #expect(
            trials == [
                "mine as $_member", "other as $_bypass", "other as $_member", "other as $_owner",
            ]
        )
    }

    @Test(
        "Who holds only what PUBLIC holds is a stranger, unless all are",
        arguments: TestServer.all
    )
    func strangers(server: TestServer) async throws {
        let script = """
            CREATE ROLE $_app LOGIN;
            CREATE ROLE $_other LOGIN;
            CREATE ROLE $_elsewhere LOGIN;
            CREATE TABLE t (a integer);
            CREATE TABLE own (a integer);
            GRANT INSERT ON t TO PUBLIC;
            """
        #expect(
            try await inferred(script, on: server)
                == ["t as $_app", "t as $_elsewhere", "t as $_other"]
        )
        let grant = "GRANT SELECT ON own TO $_app;"
        #expect(try await inferred(script + grant, on: server) == ["t as $_app"])
    }

    @Test("A member of the owner is tried, but hides no table that nobody else may write")
    func ownersMember() async throws {
        let prefix = uniqueRoleName("p")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(prefix)_owner;
                CREATE ROLE \(prefix)_deploy LOGIN;
                CREATE ROLE \(prefix)_app LOGIN;
                GRANT \(prefix)_owner TO \(prefix)_deploy;
                CREATE TABLE granted (a integer);
                CREATE TABLE forgotten (a integer);
                ALTER TABLE granted OWNER TO \(prefix)_owner;
                ALTER TABLE forgotten OWNER TO \(prefix)_owner;
                """
        )
        let onlyOwners = try Self.expectations(in: database)
        #expect(onlyOwners.trials.map(\.role) == Array(repeating: "\(prefix)_deploy", count: 2))
        #expect(!onlyOwners.leftOut.contains { $0.object.kind == .table })
        try database.execute("GRANT INSERT ON granted TO \(prefix)_app")
        let forgotten = try Self.expectations(in: database).leftOut.filter {
            $0.object.kind == .table
        }
        #expect(forgotten.map(\.object.name) == ["forgotten"])
    }

    @Test(
        "Predefined roles are left out, those that use them are not, and the rest is listed",
        .enabled(if: TestServer.newest.major >= 14, "pg_write_all_data came with 14")
    )
    func predefined() async throws {
        // Such a login may insert everywhere: it must not be seen by the tests beside this one.
        try await withServer(of: TestServer.newest.binaries) { server in
            let database = try server.makeDatabase(
                sql: """
                    CREATE TABLE t (a integer);
                    CREATE TABLE u (a integer);
                    CREATE MATERIALIZED VIEW m AS SELECT 1;
                    CREATE ROLE group_of_none;
                    GRANT INSERT ON t TO group_of_none;
                    """
            )
            let before = try Self.expectations(in: database)
            #expect(before.trials == [])
            #expect(
                before.leftOut.map { "\($0.object.name): \($0.reason)" } == [
                    "t: no application role may insert into it",
                    "u: no application role may insert into it",
                ]
            )
            try database.execute("CREATE ROLE app LOGIN; GRANT INSERT ON t TO app")
            #expect(
                try Self.expectations(in: database).leftOut.map(\.object.name) == ["u"]
            )
            try database.execute(
                "CREATE ROLE everywhere LOGIN; GRANT pg_write_all_data TO everywhere"
            )
            #expect(
                try Self.expectations(in: database).trials.map(\.name) == [
                    "insert public.t as app", "insert public.t as everywhere",
                    "insert public.u as everywhere",
                ]
            )
        }
    }

    private static func expectations(in database: TestDatabase) throws -> Expectations {
        let snapshot = try database.snapshot()
        return Expectations(
            inferringFrom: AccessMap(snapshot),
            operations: [.insert],
            on: snapshot.expectedObjects
        )
    }

    /// Runs the script with a unique prefix for `$` and returns what its roles are expected to do.
    private func inferred(_ script: String, on server: TestServer) async throws -> [String] {
        let prefix = uniqueRoleName("p")
        let database = try await server.makeDatabase(sql: script.replacing("$", with: prefix))
        let trials = try Self.expectations(in: database).trials
            .filter { $0.role.hasPrefix(prefix + "_") }
        #expect(trials.allSatisfy { $0.isInferred && $0.expected == .allowed })
        return trials.map { "\($0.object.name) as \($0.role.replacing(prefix, with: "$"))" }
            .sorted()
    }
}

extension TestDatabase {
    func snapshot() throws -> Snapshot { try Snapshot.read(from: connect()) }
}

extension Snapshot {
    var expectedObjects: ExpectedObjects {
        ExpectedObjects(ApplicationRelations(in: self, selected: .everything), AccessMap(self))
    }
}
