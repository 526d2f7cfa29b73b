import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@testable import RowSynthesis

@Suite struct RowSearchTests {
    @Test("A plain table asks the server nothing")
    func plain() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE t (a text NOT NULL UNIQUE, s text NOT NULL CHECK (s IN ('x', 'y')))"
        )
        let outcome = try database.search(for: "t")
        #expect(outcome.isAccepted && outcome.attempts == 1)
        #expect(try outcome.draft.row.value(of: "s").source == .constant)
    }

    @Test("Only what the error names is solved, and the search is the same each time")
    func solved() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t (a integer NOT NULL CHECK (a > 500), b integer NOT NULL,
                    c integer NOT NULL, CHECK (b < c), d text NOT NULL);
                """
        )
        let outcome = try database.search(for: "t")
        #expect(outcome.isAccepted && outcome.attempts == 3)
        #expect(try outcome.draft.row.value(of: "d").source == .sample)
        #expect(try outcome.draft == database.search(for: "t").draft)
    }

    @Test("Values that the user wrote down stay, also where they are wrong")
    func declared() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t (a text NOT NULL CHECK (a IN ('x', 'y')), b integer NOT NULL, CHECK (b > 9 OR a = 'x'));
                CREATE VIEW v AS SELECT b AS n, a AS "Name" FROM t;
                """
        )
        let relation = try database.snapshot().relation("t").oid
        let good = RowValue(.literal("y"), from: .declared)
        let outcome = try database.search(for: "t", declared: [relation: [1: good]])
        #expect(outcome.isAccepted)
        #expect(try outcome.draft.row.value(of: "a") == good)
        let bad = RowValue(.literal("z"), from: .declared)
        let refused = try database.search(for: "t", declared: [relation: [1: bad]])
        #expect(!refused.isAccepted && refused.conclusion == nil)
        #expect(try refused.draft.row.value(of: "a") == bad)
        let view = try database.snapshot().relation("v").oid
        let viewed = try database.search(for: "v", declared: [view: [2: good]])
        #expect(viewed.isAccepted)
        #expect(try viewed.draft.row.value(of: "Name") == good)
    }

    @Test("A view is filled by what the table beneath it asks for", arguments: TestServer.all)
    func views(server: TestServer) async throws {
        let database = try await server.makeDatabase(
            sql: """
                CREATE TABLE p (id integer PRIMARY KEY);
                CREATE TABLE t (id serial, kind text NOT NULL CHECK (kind LIKE 'k%'), "P" integer NOT NULL REFERENCES p,
                    hidden text, CHECK (hidden IS NULL OR kind = 'z'));
                CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT upper($1) $$;
                CREATE VIEW v AS SELECT "P" AS parent, kind AS "A kind", shout(kind) AS loud, now() AS at FROM t;
                CREATE VIEW w AS SELECT loud, parent AS q, "A kind" FROM v;
                CREATE TABLE must (a integer, b integer NOT NULL);
                CREATE VIEW blind AS SELECT a FROM must;
                """
        )
        for name in ["v", "w"] {
            let outcome = try database.search(for: name)
            #expect(outcome.isAccepted, "\(outcome)")
            #expect(outcome.draft.namedColumns.contains("A kind"))
        }
        let blind = try database.search(for: "blind")
        #expect(
            blind.conclusion
                == "impossible: column b of public.must must not be null, and the view does not show it"
        )
    }

    @Test("In a full table the row takes the place of one that nothing refers to")
    func fullTable() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TYPE mood AS ENUM ('low', 'middle', 'high');
                CREATE TABLE t (m mood PRIMARY KEY, twin mood NOT NULL UNIQUE, CHECK (m = twin));
                INSERT INTO t SELECT m, m FROM unnest(enum_range(NULL::mood)) AS m;
                CREATE TABLE uses (m mood REFERENCES t ON DELETE CASCADE, twin mood REFERENCES t (twin));
                INSERT INTO uses VALUES ('low', 'middle');
                """
        )
        let outcome = try database.search(for: "t")
        #expect(outcome.isAccepted)
        let vacated = try #require(outcome.draft.vacancy).row.value(of: "m").content
        #expect(vacated == .literal("high"))
        #expect(try outcome.draft.row.value(of: "m").content == vacated)
        let reason = "full: every row that t_pkey allows is there already (m, twin)"
        let refused = try database.search(for: "t", mayRemoveRows: false)
        #expect(!refused.isAccepted && refused.conclusion == reason)
        #expect(refused.draft.ignoresConflicts && refused.draft.vacancy == nil)
        try database.execute("INSERT INTO uses VALUES ('high', NULL)")
        let used = try database.search(for: "t")
        #expect(!used.isAccepted && used.conclusion == reason)
        #expect(used.draft.ignoresConflicts && used.draft.vacancy == nil)
    }

    @Test("Rows that must refer to the tried one come after it, and know what it has drawn")
    func followers() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t (id serial PRIMARY KEY, main integer NOT NULL);
                CREATE TABLE u (id integer PRIMARY KEY, t integer NOT NULL REFERENCES t, UNIQUE (t, id));
                ALTER TABLE t ADD FOREIGN KEY (id, main) REFERENCES u (t, id) DEFERRABLE INITIALLY DEFERRED;
                CREATE TABLE demanding (id integer PRIMARY KEY);
                CREATE TABLE child (of integer NOT NULL REFERENCES demanding, grand integer NOT NULL REFERENCES u);
                CREATE FUNCTION has_child() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NOT EXISTS (SELECT FROM child WHERE of = NEW.id) THEN RAISE EXCEPTION 'alone'; END IF;
                    RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER has_child AFTER INSERT ON demanding
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION has_child();
                """
        )
        let ring = try database.search(for: "t")
        #expect(ring.isAccepted)
        #expect(ring.draft.namedColumns == ["main"])
        let follower = try #require(ring.draft.following.first.map { ring.draft.scaffold[$0] })
        guard case .drawn(from: let sequence) = try follower.value(of: "t").content else {
            Issue.record("\(follower) knows nothing of what the row has drawn")
            return
        }
        #expect([sequence.schema, sequence.name] == ["public", "t_id_seq"])
        let demanding = try database.search(for: "demanding")
        #expect(demanding.isAccepted)
        let last = try #require(demanding.draft.scaffold.last)
        #expect(last.relation.name == "child")
        #expect(demanding.draft.following == [demanding.draft.scaffold.count - 1])
    }

    @Test(
        "Code that lets no row in is named",
        arguments: [
            (
                "CREATE RULE nothing AS ON INSERT TO t DO INSTEAD NOTHING",
                "impossible: the rule nothing swallows every row"
            ),
            (
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN /* RETURN /* */ NEW */ RETURN NULL; END $$;
                CREATE TRIGGER gone BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
                """, "impossible: the trigger gone lets no row into the table itself"
            ),
            (
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN -- RETURN NEW
                    RETURN NULL; END $$;
                CREATE TRIGGER gone BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
                """, "impossible: the trigger gone lets no row into the table itself"
            ),
            (
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
                CREATE TRIGGER never AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
                """, "impossible: TriggerRule: the trigger never refuses every row"
            ),
            (
                """
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.a < 0 OR NEW.a > -99 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER never AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
                """, nil
            ),
        ] as [(String, String?)]
    )
    func code(sql: String, conclusion: String?) async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE t (a integer NOT NULL); \(sql)"
        )
        let outcome = try database.search(for: "t")
        #expect(!outcome.isAccepted)
        #expect(outcome.conclusion == conclusion)
    }

    @Test("The search ends with its budget and with its tries")
    func budget() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(0.02); RETURN md5($1::text) = 'never'; END $$;
                CREATE TABLE t (a integer NOT NULL CHECK (slow(a)));
                """
        )
        let start = ContinuousClock.now
        let outcome = try database.search(for: "t", budget: .milliseconds(600))
        #expect(!outcome.isAccepted)
        #expect(ContinuousClock.now - start < .seconds(5))
        let none = try database.search(for: "t", budget: .zero)
        #expect(none.attempts == 1)
    }

    @Test("The search draws nothing from sequences and leaves nothing behind")
    func traceless() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE SEQUENCE q;
                CREATE TABLE log (what text);
                CREATE FUNCTION noisy(integer) RETURNS boolean LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM nextval('q');
                    RETURN $1 > 100;
                EXCEPTION WHEN read_only_sql_transaction THEN RETURN $1 > 100;
                END $$;
                CREATE TABLE t (id serial, a integer NOT NULL CHECK (noisy(a)));
                """
        )
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let relation = try snapshot.relation("t")
        let lookup = Lookup(snapshot, with: connection) { _ in .connectingRole }
        var search = RowSearch(
            relation,
            lookup: lookup,
            synthesizer: RowSynthesizer(snapshot, parents: .none, salt: 1),
            mayUseReplicaMode: true,
            role: RowSearch.RoleUnderTrial(),
            mayRemoveRows: { _ in true },
            budget: .seconds(5)
        )
        let draft = search.draft
        let results = try connection.exchange(["BEGIN", try draft.row.insert(with: connection)])
        try connection.execute("ROLLBACK")
        guard case .failed(let error) = results.last else {
            Issue.record("the first guess suits")
            return
        }
        let before = try connection.execute("SELECT last_value FROM q")
        #expect(try search.learn(from: .row(error), of: draft, by: .insert))
        #expect(!connection.isInTransaction)
        #expect(try connection.execute("SELECT last_value FROM q") == before)
        #expect(try search.draft.row.value(of: "a").source == .constant)
        #expect(
            try connection.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'pgsmoke%'")
                == [["0"]]
        )
    }
}
