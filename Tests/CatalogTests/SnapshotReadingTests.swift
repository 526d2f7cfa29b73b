import Catalog
import Cluster
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing
import Trials

private let countingServer = TestServer.all.first { $0.binaries.hasLibrary("pg_stat_statements") }

@Suite struct SnapshotReadingTests {
    @Test(
        "The server is asked as many queries for 1,000 tables as for 10",
        .enabled(if: countingServer != nil, "a server with pg_stat_statements is needed"),
        arguments: [10, 1_000]
    )
    func fixedNumber(tables: Int) async throws {
        let role = uniqueRoleName("reader")
        let database = try await #require(countingServer).makeDatabase(
            sql: """
                CREATE EXTENSION pg_stat_statements;
                CREATE ROLE \(role) LOGIN;
                DO $$ BEGIN
                    FOR i IN 1..\(tables) LOOP
                        EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, '
                            'parent integer REFERENCES t%s, n integer CHECK (n > 0))', i, i);
                    END LOOP;
                END $$
                """
        )
        let snapshot = try database.snapshot(as: role)
        #expect(snapshot.orderedRelations.filter { $0.kind == .table }.count == tables)
        let calls = try database.rows(
            "SELECT sum(calls) FROM pg_stat_statements WHERE userid = '\(role)'::regrole"
        )
        // BEGIN, the time limit, the other settings, the savepoint and COMMIT come with the queries,
        // and behind each but the first the return to the savepoint.
        #expect(calls == [["\(2 * Snapshot.queryCount + 4)"]])
    }

    @Test(
        "What is about privileges alone is the same, and nothing else is read",
        arguments: TestServer.all
    )
    func privilegesAlone(server: TestServer) async throws {
        let role = uniqueRoleName("app")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(role) LOGIN;
                CREATE TYPE mood AS ENUM ('fine');
                CREATE TABLE t (id serial PRIMARY KEY, mood mood DEFAULT 'fine', n integer CHECK (n > 0));
                CREATE TABLE p (a integer, b integer) PARTITION BY LIST (a);
                CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
                CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
                ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO \(role);
                GRANT INSERT, UPDATE (n) ON t TO \(role);
                GRANT SELECT (b) ON p1 TO \(role);
                """
        )
        let connection = try database.connect()
        let all = try Snapshot.read(from: connection)
        let some = try Snapshot.read(.privileges, from: connection)
        #expect(some.orderedRelations == all.orderedRelations)
        #expect(some.roles == all.roles)
        #expect(some.schemas == all.schemas)
        #expect(some.membershipsByMember == all.membershipsByMember)
        #expect(try some.columns[some.relation("t").oid] == [all.column("n", of: "t")])
        #expect(try some.columns[some.relation("p1").oid]?.map(\.name) == ["b"])
        #expect(some.columns.count == 2)
        #expect(some.types.isEmpty && some.constraints.isEmpty && some.routines.isEmpty)

        let objects = try ObjectCatalog.read(.privileges, from: connection)
        #expect(try objects.objects == ObjectCatalog.read(from: connection).objects)
        #expect(objects.sequences.isEmpty && objects.defaultPrivileges.isEmpty)
    }

    @Test("A role that may only connect reads what the superuser reads", arguments: TestServer.all)
    func withoutPrivileges(server: TestServer) async throws {
        let role = uniqueRoleName("nobody")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(role) LOGIN;
                CREATE SCHEMA closed;
                CREATE TYPE closed.mood AS ENUM ('fine', 'bad');
                CREATE DOMAIN closed.price AS numeric(8, 2) CHECK (VALUE >= 0);
                CREATE FUNCTION closed.f(integer) RETURNS integer IMMUTABLE LANGUAGE sql
                    AS 'SELECT $1';
                CREATE TABLE closed.t (
                    id serial PRIMARY KEY,
                    i integer GENERATED ALWAYS AS IDENTITY,
                    mood closed.mood DEFAULT 'fine',
                    price closed.price CHECK (closed.f(1) > 0),
                    parent integer REFERENCES closed.t DEFERRABLE
                );
                CREATE VIEW closed.v AS SELECT * FROM closed.t;
                CREATE TABLE closed.p (a integer) PARTITION BY RANGE (a);
                CREATE TABLE closed.p1 PARTITION OF closed.p FOR VALUES FROM (1) TO (10);
                CREATE FUNCTION closed.note() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN RETURN new; END';
                CREATE TRIGGER note BEFORE INSERT ON closed.t
                    FOR EACH ROW EXECUTE FUNCTION closed.note();
                ALTER TABLE closed.t ENABLE ROW LEVEL SECURITY;
                CREATE POLICY only_mine ON closed.t WITH CHECK (id > 0);
                REVOKE ALL ON ALL FUNCTIONS IN SCHEMA closed FROM PUBLIC;
                REVOKE USAGE ON TYPE closed.mood FROM PUBLIC;
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                """
        )
        try database.execute(
            """
            REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC;
            GRANT CONNECT ON DATABASE \(database.name) TO \(role)
            """
        )
        let full = try database.snapshot()
        let poor = try database.snapshot(as: role)
        #expect(full.orderedRelations.count == 6)
        #expect(poor.server.user == role)
        #expect(poor.orderedRelations == full.orderedRelations)
        #expect(poor.columns == full.columns)
        #expect(poor.constraints == full.constraints)
        #expect(poor.uniqueIndexes == full.uniqueIndexes)
        #expect(poor.types == full.types)
        #expect(poor.enumLabels == full.enumLabels)
        #expect(poor.schemas == full.schemas)
        #expect(poor.sequences == full.sequences)
        #expect(poor.routines == full.routines)
        #expect(poor.triggers == full.triggers)
        #expect(poor.policies == full.policies)
        #expect(poor.partitionKeys == full.partitionKeys)
        #expect(poor.reach.defaultSequences == full.reach.defaultSequences)
        #expect(poor.reach.identitySequences == full.reach.identitySequences)
        #expect(poor.reach.viewBases == full.reach.viewBases)
    }

    /// A catalog of some megabytes, with one of everything.
    private static let large = """
        \(wideTables)
        CREATE TYPE mood AS ENUM ('fine', 'bad');
        CREATE DOMAIN price AS numeric(8, 2) CHECK (VALUE >= 0);
        CREATE FUNCTION f(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1';
        CREATE TABLE t (id serial PRIMARY KEY, mood mood DEFAULT 'fine', price price CHECK (f(1) > 0),
            parent integer REFERENCES t, twice integer GENERATED ALWAYS AS (id * 2) STORED);
        CREATE VIEW v AS SELECT * FROM t;
        CREATE TABLE p (a integer) PARTITION BY RANGE (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
        ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY only_mine ON t WITH CHECK (id > 0);
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
        """

    private func expectSame(_ one: Snapshot, _ other: Snapshot) {
        #expect(one.server == other.server)
        #expect(one.roles == other.roles)
        #expect(one.schemas == other.schemas)
        #expect(one.orderedRelations == other.orderedRelations)
        #expect(one.columns == other.columns)
        #expect(one.types == other.types)
        #expect(one.enumLabels == other.enumLabels)
        #expect(one.constraints == other.constraints)
        #expect(one.uniqueIndexes == other.uniqueIndexes)
        #expect(one.partitionKeys == other.partitionKeys)
        #expect(one.sequences == other.sequences)
        #expect(one.routines == other.routines)
        #expect(one.triggers == other.triggers)
        #expect(one.policies == other.policies)
        #expect(one.defaultPrivileges.count == other.defaultPrivileges.count)
        #expect(one.sessionSettings.map(\.name) == other.sessionSettings.map(\.name))
        #expect(one.reach.viewBases == other.reach.viewBases)
        #expect(one.reach.defaultSequences == other.reach.defaultSequences)
    }

    /// Reads over two connections, of which `connect` opens the second, and tells whether there was one.
    private func sharedSnapshot(
        of database: TestDatabase,
        as role: String? = nil,
        connect: @escaping @Sendable () -> Connection?
    ) async throws -> (Snapshot, hasSecond: Bool) {
        let connection = try database.connect(as: role)
        let lane = Lane()
        defer { lane.stop() }
        let snapshot = try await Snapshot.read(from: connection, besides: lane, connect: connect)
        #expect(!connection.isInTransaction)
        let second = lane.takeConnection()
        #expect(second?.isInTransaction != true)
        return (snapshot, second != nil)
    }

    @Test("Two connections read a large catalog as one does", arguments: TestServer.all)
    func shared(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.large)
        let alone = try database.snapshot()
        #expect(!alone.triggers.isEmpty && !alone.policies.isEmpty && !alone.partitionKeys.isEmpty)
        // The second sees what the first one saw, not what has come since.
        let (both, hasSecond) = try await sharedSnapshot(of: database) {
            try? database.execute("CREATE TABLE later (id serial PRIMARY KEY CHECK (id > 0))")
            return try? database.connect()
        }
        #expect(hasSecond)
        expectSame(both, alone)
        #expect(try database.snapshot().orderedRelations.count == alone.orderedRelations.count + 2)
    }

    @Test("What a second connection cannot do the first one does", arguments: TestServer.all)
    func sharedInVain(server: TestServer) async throws {
        let role = uniqueRoleName("reader")
        let database = try await server.makeDatabase(
            sql: Self.large + "CREATE ROLE \(role) LOGIN;"
        )
        let alone = try database.snapshot()
        let (unaided, none) = try await sharedSnapshot(of: database) { nil }
        #expect(!none)
        expectSame(unaided, alone)
        // Nobody takes over what was seen in another database.
        let (elsewhere, other) = try await sharedSnapshot(of: database) {
            try? TestDatabase(on: database.server).connect()
        }
        #expect(!other)
        expectSame(elsewhere, alone)
        try database.execute("REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC")
        let connects = Mutex(0)
        let (closed, _) = try await sharedSnapshot(of: database, as: role) {
            connects.withLock { $0 += 1 }
            return nil
        }
        #expect(closed.columns == alone.columns)
        let count = connects.withLock(\.self)
        #expect(count == 0)
    }

    @Test("A second connection that comes too late is not waited for")
    func sharedTooLate() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.large)
        let isDone = Mutex(false)
        let late = Mutex(false)
        let lane = Lane()
        let connection = try database.connect()
        let snapshot = try await Snapshot.read(from: connection, besides: lane) {
            while !isDone.withLock(\.self) { usleep(1_000) }
            late.withLock { $0 = true }
            return try? database.connect()
        }
        let wasWaitedFor = late.withLock(\.self)
        #expect(!wasWaitedFor)
        expectSame(snapshot, try database.snapshot())
        isDone.withLock { $0 = true }
        lane.stop()
        let came = late.withLock(\.self)
        #expect(came)
        #expect(lane.takeConnection() == nil)
    }

    @Test("A catalog is large from some hundred tables on", arguments: TestServer.all)
    func size(server: TestServer) async throws {
        let small = try await server.makeDatabase(sql: Self.lockable).connect()
        #expect(try !Snapshot.isLarge(over: small))
        let large = try await server.makeDatabase(sql: Self.large).connect()
        #expect(try Snapshot.isLarge(over: large))
    }

    @Test("Types of rows are read where something uses them", arguments: TestServer.all)
    func rowTypes(server: TestServer) async throws {
        let snapshot = try await server.makeDatabase(
            sql: """
                CREATE TABLE used (a int);
                CREATE TABLE listed (a int);
                CREATE TABLE based (a int);
                CREATE TABLE unused (a int);
                CREATE DOMAIN over_based AS based CHECK (true);
                CREATE TABLE t (one used, many listed[], based over_based, class pg_class);
                """
        ).snapshot()
        let names = Set(snapshot.types.values.map(\.name))
        for name in ["used", "_listed", "listed", "over_based", "based", "pg_class"] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(!names.contains("unused"))
        #expect(!names.contains("_unused"))
    }

    private static let lockable = """
        CREATE FUNCTION seven() RETURNS integer LANGUAGE sql AS 'SELECT 7';
        CREATE TABLE held (a integer DEFAULT seven() CHECK (a > 1), b serial,
            c integer GENERATED ALWAYS AS (a + 1) STORED);
        CREATE TABLE free (a integer DEFAULT seven());
        ALTER TABLE held ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON held WITH CHECK (a > 2);
        CREATE VIEW over_held AS SELECT * FROM held;
        CREATE VIEW over_view AS SELECT * FROM over_held;
        CREATE VIEW over_free AS SELECT * FROM free;
        CREATE TABLE root (a integer) PARTITION BY LIST (a);
        CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1);
        """

    @Test(
        "Tables that another session holds locked are read, but for what names their columns",
        arguments: TestServer.all
    )
    func locked(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.lockable)
        let holder = try database.connect()
        try holder.execute("BEGIN; LOCK TABLE held, leaf IN ACCESS EXCLUSIVE MODE")
        let snapshot = try database.snapshot()
        let held = try snapshot.column("a", of: "held")
        #expect(held.defaultExpression == "public.seven()")
        let made = try snapshot.column("c", of: "held")
        #expect(made.hasDefault)
        #expect(made.defaultExpression == nil)
        #expect(try snapshot.column("a", of: "free").defaultExpression == "public.seven()")
        #expect(try snapshot.constraint("held_a_check").expression == nil)
        #expect(snapshot.policies.values.joined().map(\.check) == [nil])
        #expect(try snapshot.relation("over_held").acceptsInsert == nil)
        #expect(try snapshot.relation("over_view").acceptsInsert == nil)
        #expect(try snapshot.relation("over_free").acceptsInsert == true)
        #expect(try snapshot.relation("leaf").partitionBound == nil)
        #expect(
            try snapshot.relationNames(
                snapshot.reach.defaultSequences[snapshot.place("b", of: "held")]
            ) == ["held_b_seq"]
        )
        try holder.execute("ROLLBACK")
        #expect(try database.snapshot().column("c", of: "held").defaultExpression == "(a + 1)")
    }

    @Test("A view that another session holds locked is read", arguments: TestServer.all)
    func lockedView(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.lockable)
        let holder = try database.connect()
        try holder.execute("BEGIN; CREATE OR REPLACE VIEW over_free AS SELECT * FROM free")
        let snapshot = try database.snapshot()
        #expect(try snapshot.relation("over_free").acceptsInsert == nil)
        #expect(try snapshot.relation("over_held").acceptsInsert == true)
        try holder.execute("ROLLBACK")
    }

    @Test(
        "Tables on which another session waits for its lock do not make the reader wait",
        arguments: TestServer.all
    )
    func awaited(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.lockable)
        let holder = try database.connect()
        try holder.execute("BEGIN; LOCK TABLE held IN ACCESS SHARE MODE")
        let lane = Lane()
        let waiter = Task(executorPreference: lane) {
            try database.execute("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE; ROLLBACK")
        }
        try waitUntil {
            try holder.execute(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'held'::regclass"
            ) == [["1"]]
        }
        let result = Result { try database.snapshot() }
        try holder.execute("ROLLBACK")
        try await waiter.value
        lane.stop()
        #expect(throws: Never.self) { try result.get() }
    }

    @Test("The session is as it was, whatever its settings are", arguments: TestServer.all)
    func leavesSession(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        try connection.execute("SET search_path = nowhere; SET standard_conforming_strings = off")
        _ = try Snapshot.read(from: connection)
        #expect(!connection.isInTransaction)
        #expect(try connection.execute("SHOW search_path") == [["nowhere"]])
        #expect(try connection.execute("SHOW lock_timeout") == [["0"]])
    }
}
