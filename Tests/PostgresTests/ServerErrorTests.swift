import Postgres
import TestSupport
import Testing

@Suite struct ServerErrorTests {
    private static let tables = """
        CREATE SCHEMA shop;
        CREATE TABLE shop.parent (id integer PRIMARY KEY);
        CREATE TABLE shop.child (
            id integer NOT NULL,
            price integer CONSTRAINT "price's sign" CHECK (price > 0),
            parent integer CONSTRAINT of_parent REFERENCES shop.parent
        );
        """

    @Test("A CHECK violation names schema, table and constraint", arguments: TestServer.all)
    func check(server: TestServer) async throws {
        let error = try await failure(
            of: "INSERT INTO shop.child VALUES (1, -1)",
            after: Self.tables,
            on: server
        )
        #expect(error.sqlState == .checkViolation)
        #expect(error.severity == "ERROR")
        #expect(error.schema == "shop")
        #expect(error.table == "child")
        #expect(error.column == nil)
        #expect(error.constraint == "price's sign")
        #expect(error.sourceFunction == "ExecConstraints")
        #expect(error.detail?.contains("(1, -1, null)") == true)
        #expect(error.isInOurStatement)
    }

    @Test("A NOT NULL violation names the column", arguments: TestServer.all)
    func notNull(server: TestServer) async throws {
        let error = try await failure(
            of: "INSERT INTO shop.child VALUES (NULL)",
            after: Self.tables,
            on: server
        )
        #expect(error.sqlState == .notNullViolation)
        #expect(error.schema == "shop")
        #expect(error.table == "child")
        #expect(error.column == "id")
        #expect(error.constraint == nil)
    }

    @Test("A foreign key's violation names the child's table", arguments: TestServer.all)
    func foreignKey(server: TestServer) async throws {
        let error = try await failure(
            of: "INSERT INTO shop.child VALUES (1, 1, 1)",
            after: Self.tables,
            on: server
        )
        #expect(error.sqlState == .foreignKeyViolation)
        #expect(error.table == "child")
        #expect(error.constraint == "of_parent")
        #expect(error.sourceFunction == "ri_ReportViolation")
    }

    @Test(
        "An error inside a trigger comes with the function and the statement that it was in",
        arguments: TestServer.all
    )
    func trigger(server: TestServer) async throws {
        let error = try await failure(
            of: "INSERT INTO shop.child VALUES (1)",
            after: Self.tables + """
                CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO shop.nowhere VALUES (new.id);
                    RETURN new;
                END $$;
                CREATE TRIGGER note BEFORE INSERT ON shop.child
                    FOR EACH ROW EXECUTE FUNCTION shop.note();
                """,
            on: server
        )
        #expect(error.sqlState == SQLState("42P01"))
        #expect(error.context?.contains("shop.note()") == true)
        #expect(error.internalQuery == "INSERT INTO shop.nowhere VALUES (new.id)")
        #expect(error.position == nil)
        #expect(!error.isInOurStatement)
    }

    @Test("A denied nextval is told by the server's own function", arguments: TestServer.all)
    func nextval(server: TestServer) async throws {
        let role = uniqueRoleName("app")
        let error = try await failure(
            of: "SET ROLE \(role); SELECT nextval('s')",
            after: "CREATE SEQUENCE s; CREATE ROLE \(role)",
            on: server
        )
        #expect(error.sqlState == .insufficientPrivilege)
        #expect(error.sourceFunction == "nextval_internal")
        #expect(error.isInOurStatement)
    }

    @Test("A mistake in the statement has its place in it", arguments: TestServer.all)
    func position(server: TestServer) async throws {
        let error = try await failure(of: "SELECT 1, nobody", after: "", on: server)
        #expect(error.sqlState == SQLState("42703"))
        #expect(error.position == 11)
        #expect(error.isInOurStatement)
    }

    @Test("A hint and a raised code come through", arguments: TestServer.all)
    func raised(server: TestServer) async throws {
        let error = try await failure(
            of: """
                DO $$ BEGIN
                    RAISE EXCEPTION 'no' USING ERRCODE = 'UE123', HINT = 'ask', COLUMN = 'c';
                END $$
                """,
            after: "",
            on: server
        )
        #expect(error.sqlState.code == "UE123")
        #expect(error.sqlState.conditionClass == "UE")
        #expect(error.message == "no")
        #expect(error.hint == "ask")
        #expect(error.column == "c")
        #expect(error.sourceFunction == "exec_stmt_raise")
    }

    /// Returns what the server says to a statement that it must refuse.
    private func failure(
        of statement: String,
        after script: String,
        on server: TestServer
    ) async throws -> ServerError {
        let connection = try await server.makeDatabase(sql: script).connect()
        let thrown = #expect(throws: PostgresError.self) { try connection.execute(statement) }
        guard case .server(let error) = try #require(thrown) else {
            throw try #require(thrown)
        }
        return error
    }
}
