import Catalog
import Cluster
import Postgres
import TestSupport
import Testing
import Trials

private let countingServer = TestServer.all.first { $0.binaries.hasLibrary("pg_stat_statements") }

@Suite struct ObjectCatalogTests {
    @Test(
        "The server is asked as many queries for 1,000 functions as for 10",
        .enabled(if: countingServer != nil, "a server with pg_stat_statements is needed"),
        arguments: [10, 1_000]
    )
    func fixedNumber(functions: Int) async throws {
        let role = uniqueRoleName("reader")
        let database = try await #require(countingServer).makeDatabase(
            sql: """
                CREATE EXTENSION pg_stat_statements;
                CREATE ROLE \(role) LOGIN;
                DO $$ BEGIN
                    FOR i IN 1..\(functions) LOOP
                        EXECUTE format('CREATE FUNCTION f%s() RETURNS integer LANGUAGE sql '
                            'AS ''SELECT 1''', i);
                        EXECUTE format('CREATE SEQUENCE s%s', i);
                    END LOOP;
                END $$
                """
        )
        let objects = try database.objects(as: role)
        let ours = objects.objects.filter { $0.kind == .function && !$0.isExtensionMember }
        #expect(ours.filter { $0.schema == "public" }.count == functions)
        #expect(objects.sequences.count == functions)
        let calls = try database.rows(
            "SELECT sum(calls) FROM pg_stat_statements WHERE userid = '\(role)'::regrole"
        )
        // BEGIN, the time limit, the settings and COMMIT come with the six queries.
        #expect(calls == [["10"]])
    }

    @Test("A role that may only connect reads all but the values", arguments: TestServer.all)
    func withoutPrivileges(server: TestServer) async throws {
        let role = uniqueRoleName("nobody")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(role) LOGIN;
                CREATE SCHEMA closed;
                CREATE TYPE closed.mood AS ENUM ('fine');
                CREATE FUNCTION closed.f() RETURNS void SECURITY DEFINER LANGUAGE plpgsql
                    AS 'BEGIN END';
                CREATE SEQUENCE closed.s;
                SELECT nextval('closed.s');
                CREATE TABLE closed.t (a integer);
                CREATE MATERIALIZED VIEW closed.m AS SELECT * FROM closed.t;
                SELECT lo_create(0);
                ALTER DEFAULT PRIVILEGES IN SCHEMA closed GRANT SELECT ON TABLES TO \(role);
                REVOKE ALL ON ALL FUNCTIONS IN SCHEMA closed FROM PUBLIC;
                REVOKE USAGE ON TYPE closed.mood FROM PUBLIC;
                """
        )
        let full = try database.objects()
        let poor = try database.objects(as: role)
        // Some parameters are shown to the superuser alone.
        func isShown(_ object: SecuredObject) -> Bool { object.kind != .parameter }
        #expect(poor.objects.filter(isShown) == full.objects.filter(isShown))
        #expect(poor.defaultPrivileges == full.defaultPrivileges)
        #expect(poor.definerRoutines == full.definerRoutines)
        #expect(poor.materializedBases == full.materializedBases)
        #expect(full.materializedBases.count == 1)
        #expect(full.sequences.values.map(\.lastValue) == [1])
        #expect(full.sequences.values.map(\.next) == [2])
        #expect(poor.sequences.values.map(\.isKnown) == [false])
    }

    @Test("A sequence that somebody alters is not waited for", arguments: TestServer.all)
    func locked(server: TestServer) async throws {
        let database = try await server.makeDatabase(
            sql: "CREATE SEQUENCE held; CREATE SEQUENCE free"
        )
        let holder = try database.connect()
        try holder.execute("BEGIN; ALTER SEQUENCE held INCREMENT BY 1")
        let snapshot = try database.snapshot()
        let objects = try database.objects()
        let held = try snapshot.relation("held")
        #expect(objects.sequences[held.oid]?.isKnown == false)
        #expect(objects.sequences[try snapshot.relation("free").oid]?.isKnown == true)
        try holder.execute("ROLLBACK")
    }

    @Test("Of a million large objects only the first are read, or the one that is asked for")
    func largeObjects() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "SELECT lo_create(n) FROM generate_series(500001, 501100) AS n"
        )
        let objects = try database.objects()
        #expect(objects.objects.count { $0.kind == .largeObject } == 1_000)
        #expect(objects.hasMoreLargeObjects)
        let one = try ObjectCatalog.read(from: database.connect(), largeObject: 501_099)
        #expect(one.objects.filter { $0.kind == .largeObject }.map(\.name) == ["501099"])
        #expect(!one.hasMoreLargeObjects)
    }

    @Test("A table that is locked is left out of the ends, and the others are asked")
    func extremes() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE free (id serial PRIMARY KEY);
                CREATE TABLE held (id serial PRIMARY KEY);
                CREATE TABLE empty (id serial PRIMARY KEY);
                INSERT INTO free VALUES (7), (-3);
                INSERT INTO held VALUES (9);
                """
        )
        let snapshot = try database.snapshot()
        func question(_ table: String, isLowest: Bool = false) throws -> ColumnExtremes.Question {
            ColumnExtremes.Question(
                try snapshot.column("id", of: table),
                of: try snapshot.relation(table),
                isLowest: isLowest
            )
        }
        let holder = try database.connect()
        try holder.execute("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        let connection = try database.connect()
        let found = try ColumnExtremes.read(
            [question("free"), question("held"), question("empty")],
            from: connection
        )
        #expect(found.values == [try snapshot.place("id", of: "free"): 7])
        try holder.execute("ROLLBACK")
        let lowest = try ColumnExtremes.read([question("free", isLowest: true)], from: connection)
        #expect(lowest.values.values.first == -3)
        #expect(!connection.isInTransaction)
    }
}

extension TestDatabase {
    fileprivate func objects(as role: String? = nil) throws -> ObjectCatalog {
        try ObjectCatalog.read(from: connect(as: role))
    }
}
