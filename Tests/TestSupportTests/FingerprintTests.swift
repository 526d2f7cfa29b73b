import Postgres
import TestSupport
import Testing

@Suite("A database's fingerprint")
struct FingerprintTests {
    private static let shop = """
        CREATE TABLE item (id serial PRIMARY KEY, label text);
        CREATE VIEW labels AS SELECT label FROM item;
        CREATE TABLE "it's" (x json);
        INSERT INTO item (label) VALUES ('a'), ('b');
        """

    @Test("stays the same when nothing happens, or is rolled back", arguments: TestServer.all)
    func isStable(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.shop)
        let before = try database.fingerprint()
        try database.execute("BEGIN; DELETE FROM item; CREATE TABLE more (x int); ROLLBACK")
        #expect(try database.fingerprint().difference(from: before) == [])
        #expect(before.facts.contains { $0.hasPrefix("rows public.item: 2 ") })
        #expect(before.facts.contains("sequence public.item_id_seq: (2,t,31)"))
    }

    @Test(
        "sees every kind of change",
        arguments: [
            "UPDATE item SET label = 'c' WHERE id = 1",
            "DELETE FROM item WHERE id = 1",
            "SELECT nextval('item_id_seq')",
            "ALTER SEQUENCE item_id_seq INCREMENT BY 2",
            "GRANT SELECT ON item TO $app",
            "GRANT SELECT (id) ON item TO $app",
            "GRANT USAGE ON SEQUENCE item_id_seq TO $app",
            "ALTER TABLE item OWNER TO $app",
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO $app",
            "ALTER ROLE $app SET work_mem = '1MB'",
            "ALTER ROLE $app NOLOGIN",
            "GRANT $app TO CURRENT_USER",
            "CREATE SCHEMA more",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE RULE r AS ON DELETE TO item DO INSTEAD NOTHING",
            "SELECT lo_create(1)",
        ]
    )
    func seesChange(statement: String) async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: Self.shop)
        try database.execute("CREATE ROLE \(role) LOGIN; GRANT UPDATE ON item TO \(role)")
        let before = try database.fingerprint()
        try database.execute(statement.replacing("$app", with: role))
        #expect(try database.fingerprint().difference(from: before) != [])
    }

    @Test("sees temporary tables and locks of other sessions")
    func seesSessions() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.shop)
        let before = try database.fingerprint()
        let session = try database.connect()
        _ = try session.execute("CREATE TEMPORARY TABLE scratch (x int)")
        let made = try database.fingerprint().difference(from: before)
        #expect(made.contains { $0.contains("scratch") })
        _ = try session.execute("BEGIN; LOCK TABLE item IN SHARE MODE")
        let locked = try database.fingerprint().difference(from: before)
        #expect(locked.contains { $0.contains("ShareLock") })
    }
}
