import Catalog
import Postgres
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct RowDraftTests {
    @Test("A row names only the columns that nothing else fills", arguments: TestServer.all)
    func required(server: TestServer) async throws {
        let database = try await server.makeDatabase(
            sql: """
                CREATE DOMAIN filled AS text NOT NULL;
                CREATE DOMAIN over_filled AS filled;
                CREATE DOMAIN with_default AS text NOT NULL DEFAULT 'd';
                CREATE TABLE t (
                    id serial PRIMARY KEY,
                    i integer GENERATED ALWAYS AS IDENTITY,
                    g integer NOT NULL GENERATED ALWAYS AS (1) STORED,
                    may_be_null text,
                    has_default text NOT NULL DEFAULT 'x',
                    must text NOT NULL,
                    d filled,
                    o over_filled,
                    w with_default,
                    "Od""d" date NOT NULL
                );
                CREATE TABLE nothing (a integer);
                CREATE VIEW v AS SELECT must, id, "Od""d", d, o FROM t;
                CREATE VIEW v2 AS SELECT * FROM v;
                """
        )
        let snapshot = try database.snapshot()
        let draft = try snapshot.draft(for: "t")
        #expect(draft.namedColumns == ["must", "d", "o", "Od\"d"])
        #expect(draft.scaffold.isEmpty)
        #expect(try RowDraft.complaint(about: draft, in: database) == nil)
        let nothing = try snapshot.draft(for: "nothing")
        #expect(nothing.namedColumns == [])
        #expect(try RowDraft.complaint(about: nothing, in: database) == nil)
        for view in ["v", "v2"] {
            let draft = try snapshot.draft(for: view)
            #expect(draft.namedColumns.sorted() == ["Od\"d", "d", "must", "o"])
            #expect(try RowDraft.complaint(about: draft, in: database) == nil)
        }
    }

    /// Tables whose row for `t` needs parents.
    enum Keys: String, CaseIterable {
        case chain = """
            CREATE TABLE a (id serial PRIMARY KEY, label text NOT NULL);
            CREATE TABLE b (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                a integer NOT NULL REFERENCES a);
            CREATE TABLE t (b integer NOT NULL REFERENCES b);
            """
        case composite = """
            CREATE TABLE a (x integer, y text, z date, PRIMARY KEY (y, x));
            CREATE TABLE t (p text NOT NULL, q integer NOT NULL,
                FOREIGN KEY (q, p) REFERENCES a (x, y));
            """
        case sharedColumn = """
            CREATE TABLE a (tenant integer, id integer, PRIMARY KEY (tenant, id));
            CREATE TABLE b (tenant integer, id integer, PRIMARY KEY (tenant, id));
            CREATE TABLE t (tenant integer NOT NULL, a integer NOT NULL, b integer NOT NULL,
                FOREIGN KEY (tenant, a) REFERENCES a, FOREIGN KEY (tenant, b) REFERENCES b);
            """
        case sharedWithAncestor = """
            CREATE TABLE tenant (id integer PRIMARY KEY);
            CREATE TABLE a (tenant integer REFERENCES tenant, id integer, PRIMARY KEY (tenant, id));
            CREATE TABLE t (tenant integer NOT NULL REFERENCES tenant, a integer NOT NULL,
                FOREIGN KEY (tenant, a) REFERENCES a);
            """
        case twoToOne = """
            CREATE TABLE a (id uuid PRIMARY KEY);
            CREATE TABLE t (x uuid NOT NULL REFERENCES a, y uuid NOT NULL REFERENCES a);
            """
        case selfReference = """
            CREATE TABLE t (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES t);
            """
        case ownSelfReference = """
            CREATE TABLE t (id serial PRIMARY KEY, parent integer NOT NULL REFERENCES t);
            """
        case parentWithSelfReference = """
            CREATE TABLE a (id integer PRIMARY KEY, parent integer NOT NULL REFERENCES a);
            CREATE TABLE t (a integer NOT NULL REFERENCES a);
            """
        case deferrableRing = """
            CREATE TABLE a (id integer PRIMARY KEY, b integer NOT NULL);
            CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a DEFERRABLE);
            ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE;
            CREATE TABLE t (a integer NOT NULL REFERENCES a);
            """
        case rigidRing = """
            CREATE TABLE a (id integer PRIMARY KEY, b integer NOT NULL);
            CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a);
            ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
            CREATE TABLE t (a integer NOT NULL REFERENCES a);
            """
        case looseRing = """
            CREATE TABLE a (id integer PRIMARY KEY, b integer);
            CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a);
            ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
            CREATE TABLE t (a integer NOT NULL REFERENCES a);
            """
        case ringOfItsOwn = """
            CREATE TABLE t (id integer PRIMARY KEY, b integer NOT NULL);
            CREATE TABLE b (id integer PRIMARY KEY, t integer NOT NULL REFERENCES t DEFERRABLE);
            ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE;
            """
        case matchFull = """
            CREATE TABLE a (x integer, y integer, PRIMARY KEY (x, y));
            CREATE TABLE t (x integer NOT NULL, y integer,
                FOREIGN KEY (x, y) REFERENCES a MATCH FULL);
            """
        case matchSimple = """
            CREATE TABLE a (x integer, y integer, PRIMARY KEY (x, y));
            CREATE TABLE t (x integer NOT NULL, y integer, FOREIGN KEY (x, y) REFERENCES a);
            """
        case uniqueKey = """
            CREATE TABLE a (id integer PRIMARY KEY);
            CREATE TABLE t (a integer PRIMARY KEY REFERENCES a);
            """
        case defaultedKey = """
            CREATE TABLE a (code text PRIMARY KEY);
            CREATE TABLE t (a text NOT NULL DEFAULT 'missing', b integer NOT NULL,
                UNIQUE (b), FOREIGN KEY (a) REFERENCES a);
            INSERT INTO a VALUES ('missing');
            """
        case partitionedParent = """
            CREATE TABLE a (id integer PRIMARY KEY) PARTITION BY HASH (id);
            CREATE TABLE a0 PARTITION OF a FOR VALUES WITH (modulus 2, remainder 0);
            CREATE TABLE a1 PARTITION OF a FOR VALUES WITH (modulus 2, remainder 1);
            CREATE TABLE t (a integer NOT NULL REFERENCES a);
            """
        case keyToUnique = """
            CREATE TABLE a (id serial PRIMARY KEY, code varchar(3) UNIQUE, at timestamptz NOT NULL);
            CREATE TABLE t (code varchar(3) NOT NULL REFERENCES a (code));
            """
        case domains = """
            CREATE DOMAIN ident AS uuid NOT NULL;
            CREATE TABLE a (id ident PRIMARY KEY);
            CREATE TABLE t (a ident REFERENCES a);
            """
    }

    @Test("Whatever the keys are, the row and its parents are accepted", arguments: Keys.allCases)
    func keys(keys: Keys) async throws {
        let database = try await TestServer.any.makeDatabase(sql: keys.rawValue)
        let draft = try database.snapshot().draft(for: "t")
        #expect(try RowDraft.complaint(about: draft, in: database) == nil)
        #expect(!draft.needsReplicaMode)
        #expect(draft.rings.isEmpty == (keys != .rigidRing))
        #expect(draft.defersConstraints == (keys == .deferrableRing || keys == .ringOfItsOwn))
    }

    @Test("Rows of two connections do not meet", arguments: Keys.allCases)
    func salts(keys: Keys) async throws {
        // Twice the same row that refers to itself is one row; and nothing is unique in some.
        let database = try await TestServer.any.makeDatabase(sql: keys.rawValue)
        let snapshot = try database.snapshot()
        let drafts = try [1, 2].map { try snapshot.draft(for: "t", salt: $0) }
        #expect(try RowDraft.complaint(about: drafts[0], drafts[1], in: database) == nil)
    }

    @Test("A key that may stay empty needs no parent")
    func optional() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Keys.matchSimple.rawValue)
        let draft = try database.snapshot().draft(for: "t")
        #expect(draft.scaffold.isEmpty)
        #expect(draft.namedColumns == ["x"])
        let full = try await TestServer.any.makeDatabase(sql: Keys.matchFull.rawValue)
        #expect(try full.snapshot().draft(for: "t").namedColumns == ["x", "y"])
    }

    @Test("A parent is made before its children, and only once for all that refer to it")
    func order() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE root (id integer PRIMARY KEY);
                CREATE TABLE left_one (id integer PRIMARY KEY, root integer NOT NULL REFERENCES root);
                CREATE TABLE right_one (id integer PRIMARY KEY, root integer NOT NULL REFERENCES root);
                CREATE TABLE t (l integer NOT NULL REFERENCES left_one,
                    r integer NOT NULL REFERENCES right_one);
                """
        )
        let draft = try database.snapshot().draft(for: "t")
        #expect(draft.scaffold.map(\.relation.name) == ["root", "left_one", "right_one"])
        #expect(try draft.row.value(of: "l").source == .scaffold)
        #expect(try RowDraft.complaint(about: draft, in: database) == nil)
    }

    @Test("Scaffolded parents draw nothing from their sequences")
    func sequences() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Keys.chain.rawValue)
        let draft = try database.snapshot().draft(for: "t")
        #expect(draft.scaffold.map(\.namedColumns) == [["id", "label"], ["id", "a"]])
        #expect(try RowDraft.complaint(about: draft, in: database) == nil)
        #expect(
            try database.rows("SELECT last_value FROM pg_sequences ORDER BY 1") == [[nil], [nil]]
        )
    }

    @Test("A unique column gets a value that is not there yet, and another in each round")
    func unique() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t (
                    a text NOT NULL UNIQUE, b integer NOT NULL, c date NOT NULL,
                    d varchar(2) NOT NULL, plain text NOT NULL, UNIQUE (b, c)
                );
                CREATE UNIQUE INDEX ON t (d) WHERE b > 0;
                CREATE UNIQUE INDEX ON t (lower(a));
                """
        )
        let snapshot = try database.snapshot()
        var knowledge = RowKnowledge()
        let first = try snapshot.draft(for: "t")
        knowledge.round = 1
        let second = try snapshot.draft(for: "t", knowing: knowledge)
        for column in ["a", "b", "c", "d"] {
            #expect(try first.row.value(of: column).source == .fresh)
            #expect(try first.row.value(of: column) != second.row.value(of: column))
        }
        #expect(try first.row.value(of: "plain").source == .sample)
        #expect(try RowDraft.complaint(about: first, second, in: database) == nil)
    }

    @Test("A parent that is there is used, unless the child may refer to it only once")
    func existing() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE a (id integer PRIMARY KEY);
                INSERT INTO a VALUES (5);
                CREATE TABLE t (a integer NOT NULL REFERENCES a);
                CREATE TABLE only_one (a integer NOT NULL UNIQUE REFERENCES a);
                INSERT INTO only_one VALUES (5);
                """
        )
        let snapshot = try database.snapshot()
        let key = ParentKey(relation: try snapshot.relation("a").oid, columns: [1])
        let parents = ExistingParents(values: [key: ["5"]])
        let draft = try snapshot.draft(for: "t", parents: parents)
        #expect(draft.scaffold.isEmpty)
        #expect(
            try draft.row.value(of: "a") == RowValue(.literal("5"), from: .existingParent)
        )
        #expect(try RowDraft.complaint(about: draft, in: database) == nil)
        let single = try snapshot.draft(for: "only_one", parents: parents)
        #expect(single.scaffold.map(\.relation.name) == ["a"])
        #expect(try RowDraft.complaint(about: single, in: database) == nil)
        var knowledge = RowKnowledge()
        knowledge.row.scaffoldedKeys = Set(
            (snapshot.constraints[try snapshot.relation("t").oid] ?? []).map(\.oid)
        )
        let scaffolded = try snapshot.draft(for: "t", parents: parents, knowing: knowledge)
        #expect(scaffolded.scaffold.map(\.relation.name) == ["a"])
        #expect(try RowDraft.complaint(about: scaffolded, in: database) == nil)
    }

    @Test("A row for readers names columns and sources, and no value")
    func described() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE "A b" (id integer PRIMARY KEY, "c\nd" text NOT NULL,
                    "order" integer NOT NULL);
                CREATE TABLE nothing (a integer);
                """
        )
        let snapshot = try database.snapshot()
        #expect(
            try snapshot.draft(for: "A b").row.described
                == #"INSERT INTO public."A b" (id: fresh value, U&"c\000Ad": sample of its type, "#
                + #""order": sample of its type)"#
        )
        #expect(
            try snapshot.draft(for: "nothing").row.described
                == "INSERT INTO public.nothing DEFAULT VALUES"
        )
    }
}
