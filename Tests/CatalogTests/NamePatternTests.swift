import Catalog
import Cluster
import Glibc
import Postgres
import TestSupport
import Testing

private let dump = TestServer.newest.binaries.program("pg_dump")

@Suite struct NamePatternTests {
    private static let tables = [
        "users", "users_old", "Users", "user1", "user2", "user3", "userA", "user.name", "user$",
        "a[]", "a]", "a(b)", "ab", "it's", "x\\y", "xdy", "say \"hi\"", "ÉTAT", "État", "état",
        "a|b", "u", "a+b", "aab", "^users$", "日本", "two words",
        "\"\u{301}", "*\u{301}", "z\u{301}",
    ]

    private static let schemas = [
        "public": tables, "app": ["users", "orders"], "App": ["users"], "a.b": ["t"],
    ]

    private static let patterns = [
        "public.users", "public.USERS", "public.\"Users\"", "PUBLIC.users", "\"PUBLIC\".users",
        "public.\"us\"ERS", "public.user?", "public.user*", "public.*", "*.users", "*.*", "p*.u*",
        "pub?ic.users", "app.*", "App.*", "\"App\".*", "\"a.b\".*", "\"a.b.t\"", "a.b",
        "public.\"user.name\"", "public.user?name", "public.user.name", "public.user$",
        "public.\"user$\"", "public.\"a[]\"", "public.a[]", "public.a]", "public.user[12]",
        "public.user[1-2]", "public.user[^1]", "public.user[[:digit:]]", "public.user[A-Z]",
        "public.(users|user1)", "public.users|user1", "public.user\\d", "public.a(b)",
        "public.\"a(b)\"", "public.a+b", "public.\"a+b\"", "public.users+", "public.user{1}s",
        "public.it's", "public.x\\y", "public.\"x\\y\"", "public.\"say \"\"hi\"\"\"",
        "public.ÉTAT", "public.état", "public.\"ÉTAT\"", "public.日*", "public.two words",
        "public.\"two words\"", "public.\"user*\"", "public.\"a|b\"", "public.a|b",
        "public.^users$", "public.\"^users$\"", "public.\"users", "public.us\"ers",
        "public.u", "public.", ".users", "public.\"\"", "public.\"\"\"\u{301}\"",
        "public.\"*\u{301}\"", "public.?\u{301}", "public.\"z\u{301}\"",
    ]

    @Test(
        "A pattern selects the tables that pg_dump would dump for it",
        .enabled(if: access(dump, X_OK) == 0, "pg_dump is needed"),
        .enabled(if: TestServer.newest.major >= 14, "13 took such patterns another way")
    )
    func agreesWithDump() async throws {
        let database = try await TestServer.newest.makeDatabase()
        let connection = try database.connect()
        for (schema, tables) in Self.schemas {
            let schema = try connection.quoted(identifier: schema)
            try connection.execute("CREATE SCHEMA IF NOT EXISTS \(schema)")
            for table in tables {
                let table = try connection.quoted(identifier: table)
                try connection.execute("CREATE TABLE \(schema).\(table) ()")
            }
        }
        let snapshot = try Snapshot.read(from: connection)
        for pattern in Self.patterns {
            let dumped = try dumpedTables(pattern, of: database)
            var selected: [String] = []
            do {
                let found = try Selection(tables: [pattern])
                    .resolve(in: snapshot, with: connection)
                selected = snapshot.orderedRelations
                    .filter { found.included?.contains($0.oid) ?? true }
                    .map { "\($0.schema)|\($0.name)" }
            } catch is SelectionError {}
            #expect(Set(selected) == dumped, "\(pattern)")
        }
    }

    /// Asks pg_dump, which exits with an error if nothing matches.
    private func dumpedTables(_ pattern: String, of database: TestDatabase) throws -> Set<String> {
        let target = database.target()
        let quoted = pattern.replacing("'", with: #"'\''"#)
        let command = """
            '\(dump)' -h '\(target.host ?? "")' -p \(target.port ?? "") -U \(target.user ?? "") \
            --schema-only --table '\(quoted)' \(database.name) 2>&1
            """
        let stream = try #require(popen(command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 {
            output += buffer[..<count]
        }
        pclose(stream)
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        // `-- Name: users; Type: TABLE; Schema: public; Owner: postgres`
        return Set(
            lines.compactMap { line in
                guard line.hasPrefix("-- Name: "), line.contains("; Type: TABLE; Schema: ") else {
                    return nil
                }
                let parts = line.dropFirst(9).split(separator: "; ")
                let schema = String(parts[2].dropFirst(8))
                // pg_dump's patterns match the system's tables too.
                return Self.schemas[schema] == nil ? nil : "\(schema)|\(parts[0])"
            }
        )
    }
}
