import Postgres
import TestSupport
import Testing

@Suite struct QuotingTests {
    private static let hostileNames = [
        "it's", "a\"b", "\"", "\"\"quoted\"\"", "back\\slash", "ends with \\",
        "\\'; DROP TABLE t; --",
        "new\nline", "carriage\rreturn", "tab\t", "bell\u{7}", "🦊 fox", "e\u{301}", "\u{301}mark",
        "$1", "$$", "E'", "U&\"0061\"", " spaces ", "SELECT", "a.b", "%s",
        "x" + String(repeating: "é", count: 31),
    ]

    private static let hostileTexts =
        hostileNames + ["", "'", "''", "\\", "\\\\'", "\\n", String(repeating: "'\\", count: 500)]

    @Test(
        "An identifier names what it names, however backslashes in strings are read",
        arguments: TestServer.all,
        hostileNames
    )
    func identifier(server: TestServer, name: String) async throws {
        let connection = try await server.makeDatabase().connect()
        for setting in ["on", "off"] {
            try connection.execute("SET standard_conforming_strings = \(setting)")
            let quoted = try connection.quoted(identifier: name)
            let rows = try connection.execute(
                """
                DROP TABLE IF EXISTS pg_temp.target;
                CREATE TEMPORARY TABLE target (\(quoted) integer);
                SELECT attname FROM pg_attribute
                 WHERE attrelid = 'pg_temp.target'::regclass AND attnum = 1
                """
            )
            // Swift's == would take two spellings of an accent for one.
            #expect(rows.first?[0].map { Array($0.utf8) } == Array(name.utf8))
        }
    }

    @Test(
        "A literal is read as it was written, however backslashes in strings are read",
        arguments: TestServer.all
    )
    func literal(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        for setting in ["on", "off"] {
            try connection.execute("SET standard_conforming_strings = \(setting)")
            for text in Self.hostileTexts {
                let rows = try connection.execute("SELECT \(connection.quoted(literal: text))")
                #expect(rows.first?[0].map { Array($0.utf8) } == Array(text.utf8))
            }
        }
    }

    @Test("A name of 63 bytes is not cut", arguments: TestServer.all)
    func longestName(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        let name = String(repeating: "🦊", count: 15) + "\"'\\"
        #expect(name.utf8.count == 63)
        try connection.execute("CREATE TABLE \(connection.quoted(identifier: name)) ()")
        let rows = try connection.execute("SELECT relname FROM pg_class WHERE relname ~ '🦊'")
        #expect(rows == [[name]])
    }
}
