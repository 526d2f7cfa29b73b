import Access
import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@Suite struct StatementReachTests {
    private static let tables = """
        CREATE SCHEMA other;
        CREATE SEQUENCE plain;
        CREATE SEQUENCE other.far;
        CREATE SEQUENCE in_function;
        CREATE SEQUENCE in_trigger;
        CREATE SEQUENCE disabled;
        CREATE TABLE log (id serial, n bigint DEFAULT nextval('plain'));
        CREATE TABLE identity (id integer GENERATED ALWAYS AS IDENTITY);
        CREATE TABLE by_name (n bigint DEFAULT nextval('other.far'::text));
        CREATE FUNCTION next_number() RETURNS bigint LANGUAGE sql
            AS $$ SELECT nextval('in_function') $$;
        CREATE TABLE by_function (n bigint DEFAULT next_number());
        CREATE TABLE by_trigger (n bigint);
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            new.n := nextval('public.in_trigger'::regclass);
            RETURN new;
        END $$;
        CREATE TRIGGER fill BEFORE INSERT ON by_trigger FOR EACH ROW EXECUTE FUNCTION fill();
        CREATE TABLE logged (n bigint);
        CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.log DEFAULT VALUES;
            RETURN new;
        END $$;
        CREATE TRIGGER log AFTER INSERT ON logged FOR EACH ROW EXECUTE FUNCTION log();
        CREATE TABLE logged_loudly (n bigint);
        CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO LOG DEFAULT VALUES;
            RETURN new;
        END $$;
        CREATE TRIGGER loud AFTER INSERT ON logged_loudly FOR EACH ROW EXECUTE FUNCTION loud();
        CREATE TABLE quiet (n bigint);
        CREATE TRIGGER fill BEFORE INSERT ON quiet FOR EACH ROW EXECUTE FUNCTION fill();
        ALTER TABLE quiet DISABLE TRIGGER fill;
        CREATE TRIGGER fill_later BEFORE UPDATE ON quiet FOR EACH ROW EXECUTE FUNCTION fill();
        CREATE VIEW over_logged AS SELECT * FROM logged;
        CREATE TABLE root (n bigint) PARTITION BY LIST (n);
        CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1);
        CREATE TRIGGER fill BEFORE INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION fill();
        CREATE TABLE around (n bigint);
        CREATE FUNCTION around() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN INSERT INTO around VALUES (1); INSERT INTO log VALUES (1); RETURN new; END';
        CREATE TRIGGER around AFTER INSERT ON around FOR EACH ROW EXECUTE FUNCTION around();
        """

    @Test(
        "The sequences that an insert may draw from are found",
        arguments: [
            ("log", ["log_id_seq", "plain"]),
            ("identity", ["identity_id_seq"]),
            ("by_name", ["far"]),
            ("by_function", ["in_function"]),
            ("by_trigger", ["in_trigger"]),
            ("logged", ["log_id_seq", "plain"]),
            ("logged_loudly", ["log_id_seq", "plain"]),
            ("over_logged", ["log_id_seq", "plain"]),
            ("quiet", []),
            ("root", ["in_trigger"]),
            ("around", ["log_id_seq", "plain"]),
        ] as [(String, [String])]
    )
    func sequences(table: String, expected: [String]) async throws {
        let snapshot = try await TestServer.any.makeDatabase(sql: Self.tables).snapshot()
        let relation = try #require(snapshot.orderedRelations.first { $0.name == table })
        let found = StatementReach(snapshot).sequences(of: relation.oid).map(\.name).sorted()
        #expect(found == expected)
    }

    @Test("An insert runs the code of triggers and functions, wherever the row ends")
    func code() async throws {
        let snapshot = try await TestServer.any.makeDatabase(sql: Self.tables).snapshot()
        let reach = StatementReach(snapshot)
        let running = snapshot.orderedRelations
            .filter { $0.kind != .sequence && reach.runsCode($0.oid) }
            .map(\.name)
        #expect(
            Set(running).isSuperset(of: [
                "around", "by_function", "by_trigger", "logged", "over_logged", "root",
            ])
        )
        #expect(Set(running).isDisjoint(with: ["log", "identity"]))
    }
}
