import Catalog
import Postgres
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct LookupTests {
    private static let family = """
        CREATE TABLE grandparent (id text PRIMARY KEY);
        CREATE TABLE parent (a integer, b text, grandparent text NOT NULL REFERENCES grandparent,
            PRIMARY KEY (b, a));
        CREATE TABLE unused (id integer PRIMARY KEY);
        CREATE TABLE maybe (id integer PRIMARY KEY);
        CREATE TABLE hollow (id integer PRIMARY KEY);
        CREATE TABLE child (
            a integer NOT NULL, b text NOT NULL, m integer REFERENCES maybe,
            h integer NOT NULL REFERENCES hollow, FOREIGN KEY (a, b) REFERENCES parent (a, b)
        );
        INSERT INTO grandparent VALUES ('it''s \\ "x", é');
        INSERT INTO parent VALUES (7, '', 'it''s \\ "x", é');
        INSERT INTO unused VALUES (1);
        INSERT INTO maybe VALUES (1);
        """

    @Test("Keys of the parents that a row cannot do without are read", arguments: TestServer.all)
    func reads(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.family)
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let found = try lookup(snapshot, connection).parents(for: [snapshot.relation("child")])
        #expect(
            try named(found, in: snapshot) == [
                "grandparent id": ["it's \\ \"x\", é"], "parent a b": ["7", ""],
            ]
        )
        #expect(!connection.isInTransaction)
    }

    @Test("A parent that somebody holds locked is taken for empty, and the others are read")
    func locked() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.family)
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let holder = try database.connect()
        try holder.execute("BEGIN; LOCK TABLE parent")
        let found = try lookup(snapshot, connection).parents(for: [snapshot.relation("child")])
        #expect(try named(found, in: snapshot).keys.sorted() == ["grandparent id"])
        #expect(!connection.isInTransaction)
        try holder.execute("ROLLBACK")
    }

    @Test("A parent is read as whoever may read it, or not at all")
    func readers() async throws {
        let stem = uniqueRoleName("r")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE "\(stem) owner";
                CREATE ROLE \(stem)_user LOGIN;
                GRANT "\(stem) owner" TO \(stem)_user;
                ALTER ROLE \(stem)_user NOINHERIT;
                CREATE TABLE one (id integer PRIMARY KEY);
                CREATE TABLE two (id integer PRIMARY KEY);
                CREATE TABLE three (id integer PRIMARY KEY);
                INSERT INTO one VALUES (1); INSERT INTO two VALUES (2); INSERT INTO three VALUES (3);
                ALTER TABLE one OWNER TO "\(stem) owner";
                GRANT SELECT ON three TO \(stem)_user;
                CREATE TABLE child (
                    a integer NOT NULL REFERENCES one, b integer NOT NULL REFERENCES two,
                    c integer NOT NULL REFERENCES three
                );
                """
        )
        let connection = try database.connect(as: "\(stem)_user")
        let snapshot = try Snapshot.read(from: connection)
        let lookup = Lookup(snapshot, with: connection) { relation in
            switch relation.name {
            case "one": .role("\(stem) owner")
            case "two": .nobody
            default: .connectingRole
            }
        }
        let found = try lookup.parents(for: [snapshot.relation("child")])
        #expect(try named(found, in: snapshot) == ["one id": ["1"], "three id": ["3"]])
        // What the server refuses is not there.
        let open = try self.lookup(snapshot, connection).parents(for: [snapshot.relation("child")])
        #expect(try named(open, in: snapshot).keys.contains("three id"))
        #expect(try !named(open, in: snapshot).keys.contains("two id"))
        #expect(try connection.execute("SELECT current_user") == [["\(stem)_user"]])
    }

    @Test("Many parents are read, whichever of them is closed")
    func many() async throws {
        let count = 230
        let database = try await TestServer.any.makeDatabase(
            sql: """
                DO $$ BEGIN
                    FOR i IN 1..\(count) LOOP
                        EXECUTE format('CREATE TABLE p%s (id integer PRIMARY KEY)', i);
                        EXECUTE format('INSERT INTO p%s VALUES (%s)', i, i);
                        EXECUTE format('CREATE TABLE c%s (p integer NOT NULL REFERENCES p%s)', i, i);
                    END LOOP;
                END $$
                """
        )
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let holder = try database.connect()
        try holder.execute("BEGIN; LOCK TABLE p17, p201")
        let children = snapshot.orderedRelations.filter { $0.name.hasPrefix("c") }
        let found = try named(lookup(snapshot, connection).parents(for: children), in: snapshot)
        #expect(found.count == count - 2)
        #expect(found["p1 id"] == ["1"] && found["p230 id"] == ["230"] && found["p17 id"] == nil)
        try holder.execute("ROLLBACK")
    }

    /// A partitioned table into which a sample does not fit.
    enum Partitions: String, CaseIterable {
        case list = """
            CREATE TABLE root (k text NOT NULL, n integer) PARTITION BY LIST (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES IN ('it''s', 'b');
            """
        case range = """
            CREATE TABLE root (n integer, k date NOT NULL) PARTITION BY RANGE (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES FROM ('2031-01-01') TO ('2031-01-02');
            """
        case untilMaximum = """
            CREATE TABLE root (k bigint NOT NULL) PARTITION BY RANGE (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (-50) TO (MAXVALUE);
            """
        case fromMinimum = """
            CREATE TABLE root (k numeric NOT NULL) PARTITION BY RANGE (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (MINVALUE) TO (-7.5);
            """
        case twoColumns = """
            CREATE TABLE root (a integer NOT NULL, b text NOT NULL) PARTITION BY RANGE (a, b);
            CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (5, 'x') TO (5, 'z');
            """
        case hash = """
            CREATE TABLE root (k uuid NOT NULL) PARTITION BY HASH (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES WITH (modulus 7, remainder 3);
            """
        case levels = """
            CREATE TABLE root (a text NOT NULL, b integer NOT NULL) PARTITION BY LIST (a);
            CREATE TABLE empty_branch PARTITION OF root FOR VALUES IN ('e') PARTITION BY LIST (b);
            CREATE TABLE branch PARTITION OF root FOR VALUES IN ('x') PARTITION BY RANGE (b);
            CREATE TABLE leaf PARTITION OF branch FOR VALUES FROM (100) TO (200);
            """
        case otherOrder = """
            CREATE TABLE root (a text NOT NULL, b integer NOT NULL) PARTITION BY LIST (a);
            CREATE TABLE branch (b integer NOT NULL, a text NOT NULL) PARTITION BY RANGE (b);
            ALTER TABLE root ATTACH PARTITION branch FOR VALUES IN ('x');
            CREATE TABLE leaf PARTITION OF branch FOR VALUES FROM (100) TO (200);
            """
        case afterDroppedColumn = """
            CREATE TABLE root (gone integer, a text NOT NULL, b integer NOT NULL)
                PARTITION BY LIST (a);
            ALTER TABLE root DROP COLUMN gone;
            CREATE TABLE branch PARTITION OF root FOR VALUES IN ('x') PARTITION BY RANGE (b);
            CREATE TABLE leaf PARTITION OF branch FOR VALUES FROM (100) TO (200);
            """
        case rest = """
            CREATE TABLE root (k integer NOT NULL) PARTITION BY LIST (k);
            CREATE TABLE zero (k integer NOT NULL) PARTITION BY LIST (k);
            ALTER TABLE root ATTACH PARTITION zero FOR VALUES IN (1);
            CREATE TABLE leaf PARTITION OF root DEFAULT;
            """
        case timestamps = """
            CREATE TABLE root (k timestamptz NOT NULL) PARTITION BY RANGE (k);
            CREATE TABLE leaf PARTITION OF root
                FOR VALUES FROM ('2031-01-01 00:00+00') TO ('2031-02-01 00:00+00');
            """
        case enumeration = """
            CREATE TYPE mood AS ENUM ('a', 'b', 'c');
            CREATE TABLE root (k mood NOT NULL) PARTITION BY LIST (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES IN ('c');
            """
        case boolean = """
            CREATE TABLE root (k boolean NOT NULL) PARTITION BY LIST (k);
            CREATE TABLE leaf PARTITION OF root FOR VALUES IN (false);
            """
    }

    @Test("A row is found that some partition takes", arguments: Partitions.allCases)
    func partitions(partitions: Partitions) async throws {
        let database = try await TestServer.any.makeDatabase(sql: partitions.rawValue)
        let outcome = try database.search(for: "root")
        #expect(outcome.isAccepted, "\(outcome)")
    }

    @Test("Without a partition there is no row, and that is said")
    func withoutPartition() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE root (k integer NOT NULL) PARTITION BY LIST (k)"
        )
        let outcome = try database.search(for: "root")
        #expect(outcome.conclusion == "impossible: public.root has no partition")
    }

    private func lookup(_ snapshot: Snapshot, _ connection: Connection) -> Lookup {
        Lookup(snapshot, with: connection) { _ in .connectingRole }
    }

    /// The keys by table and columns, for comparison.
    private func named(
        _ parents: ExistingParents,
        in snapshot: Snapshot
    ) throws -> [String: [String]] {
        var named: [String: [String]] = [:]
        for (key, values) in parents.values {
            let relation = try #require(snapshot.relations[key.relation])
            let columns = key.columns.compactMap { number in
                snapshot.columns[relation.oid]?.first { $0.number == number }?.name
            }
            named[([relation.name] + columns).joined(separator: " ")] = values
        }
        return named
    }
}
