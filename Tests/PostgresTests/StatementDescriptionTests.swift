import Postgres
import TestSupport
import Testing

@Suite struct StatementDescriptionTests {
    @Test("A statement is read and not carried out", arguments: TestServer.all)
    func described(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: "CREATE TABLE t (a int, b text)")
        let connection = try database.connect()
        try connection.execute("BEGIN")
        let query = try connection.describe("SELECT a, b FROM t WHERE a = $1")
        #expect(query.columns == 2)
        #expect(query.parameters == 1)
        let insert = try connection.describe("INSERT INTO t VALUES (1, 'x')")
        #expect(insert.columns == 0)
        #expect(insert.parameters == 0)
        try connection.execute("COMMIT")
        #expect(try connection.execute("SELECT count(*) FROM t") == [["0"]])
        #expect(try connection.execute("SELECT count(*) FROM pg_prepared_statements") == [["0"]])
    }

    @Test(
        "What is not one statement is refused, and nothing of it is done",
        arguments: [
            ("INSERT INTO t VALUES (1, 'a'); COMMIT; --", "42601"), ("SELEC 1", "42601"),
            ("SELECT 'open", "42601"), ("SELECT no_such FROM t", "42703"),
        ]
    )
    func refused(sql: String, state: String) async throws {
        let database = try await TestServer.any.makeDatabase(sql: "CREATE TABLE t (a int, b text)")
        let connection = try database.connect()
        let thrown = #expect(throws: PostgresError.self) { try connection.describe(sql) }
        guard case .server(let error) = thrown else {
            Issue.record("\(String(describing: thrown))")
            return
        }
        #expect(error.sqlState.code == state)
        #expect(try connection.execute("SELECT count(*) FROM t") == [["0"]])
    }
}
