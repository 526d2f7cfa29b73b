import Catalog
import Postgres
import TestSupport
import Testing

@Suite struct SelectionTests {
    private static let schema = """
        CREATE SCHEMA app;
        CREATE SCHEMA billing;
        CREATE SCHEMA hollow;
        CREATE TABLE app.users (a integer);
        CREATE TABLE app.orders (a integer);
        CREATE VIEW app.open_orders AS SELECT * FROM app.orders;
        CREATE SEQUENCE app.numbers;
        CREATE TABLE billing.users (a integer);
        CREATE TABLE billing.invoices (a integer);
        CREATE TABLE lonely (a integer);
        """

    @Test("Everything is selected if nothing is asked for")
    func everything() async throws {
        #expect(try await resolved(Selection()) == .everything)
    }

    @Test(
        "Schemas and tables intersect, patterns of one option add up",
        arguments: [
            (["app"], [], ["app.numbers", "app.open_orders", "app.orders", "app.users"]),
            (["app", "billing"], ["users"], ["app.users", "billing.users"]),
            (["billing"], ["users"], ["billing.users"]),
            (["billing"], ["*.users", "invoices"], ["billing.invoices", "billing.users"]),
            ([], ["users"], ["app.users", "billing.users"]),
            ([], ["app.*orders"], ["app.open_orders", "app.orders"]),
            (["?illing", "public"], [], ["billing.invoices", "billing.users", "public.lonely"]),
            ([], ["numbers"], ["app.numbers"]),
        ] as [([String], [String], [String])]
    )
    func intersects(schemas: [String], tables: [String], expected: [String]) async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.schema)
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let found = try Selection(schemas: schemas, tables: tables)
            .resolve(in: snapshot, with: connection)
        #expect(found.excluded.isEmpty)
        #expect(names(found.included, in: snapshot) == expected)
    }

    @Test("What is excluded adds up from schemas and tables")
    func excludes() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.schema)
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let found = try Selection(excludedSchemas: ["bill*"], excludedTables: ["app.o*"])
            .resolve(in: snapshot, with: connection)
        #expect(found.included == nil)
        #expect(
            names(found.excluded, in: snapshot) == [
                "app.open_orders", "app.orders", "billing.invoices", "billing.users",
            ]
        )
    }

    @Test(
        "A pattern that matches nothing is told with its option",
        arguments: [
            (Selection(schemas: ["app", "Nowhere"]), "--schema", "Nowhere"),
            (Selection(excludedSchemas: ["nowhere"]), "--exclude-schema", "nowhere"),
            (Selection(tables: ["users", "no_*"]), "--table", "no_*"),
            (Selection(excludedTables: ["app.nothing"]), "--exclude-table", "app.nothing"),
            // Each matches, but not both.
            (Selection(schemas: ["app"], tables: ["invoices"]), "--table", "invoices"),
            (Selection(schemas: ["pg_catalog"]), "--schema", "pg_catalog"),
            (Selection(tables: ["pg_class"]), "--table", "pg_class"),
        ]
    )
    func nothing(selection: Selection, option: String, pattern: String) async throws {
        await #expect(throws: SelectionError.matchesNothing(option, pattern)) {
            try await resolved(selection)
        }
    }

    @Test("A pattern with too many dots, or that is no pattern, is told")
    func unusable() async throws {
        await #expect(throws: SelectionError.tooManyDots("--table", "a.b.c")) {
            try await resolved(Selection(tables: ["a.b.c"]))
        }
        await #expect(throws: SelectionError.tooManyDots("--exclude-schema", "a.b")) {
            try await resolved(Selection(excludedSchemas: ["a.b"]))
        }
        await #expect(throws: SelectionError.unreadable("--table", "(")) {
            try await resolved(Selection(tables: ["users", "("]))
        }
        // In quotes a dot and a parenthesis are letters like others.
        await #expect(throws: SelectionError.matchesNothing("--table", "\"a.b.(\"")) {
            try await resolved(Selection(tables: ["\"a.b.(\""]))
        }
    }

    @Test("A pattern is matched whatever the session's settings are")
    func hostileSession() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t ();
                CREATE SCHEMA evil;
                CREATE FUNCTION evil.match(name, text) RETURNS boolean LANGUAGE sql
                    AS 'SELECT false';
                CREATE OPERATOR evil.~ (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.match);
                """
        )
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        try connection.execute(
            "SET search_path = evil, pg_catalog; SET standard_conforming_strings = off"
        )
        let found = try Selection(tables: ["public.t"]).resolve(in: snapshot, with: connection)
        #expect(names(found.included, in: snapshot) == ["public.t"])
    }

    @discardableResult
    private func resolved(_ selection: Selection) async throws -> Selection.Resolved {
        let connection = try await TestServer.any.makeDatabase(sql: Self.schema).connect()
        return try selection.resolve(in: Snapshot.read(from: connection), with: connection)
    }

    private func names(_ oids: Set<OID>?, in snapshot: Snapshot) -> [String] {
        (oids ?? []).compactMap { snapshot.relations[$0] }.map { "\($0.schema).\($0.name)" }
            .sorted()
    }
}
