import Foundation
import FoundationXML
import Postgres
import TestSupport
import Testing

/// The worst names pass through SQL, XML, JSON and the terminal unharmed.
struct HostileNameTests {
    private static let names = [
        "it's \"quoted\"", "two\nlines", "]]>", "<script>alert(1)</script>", "::error title=x::y",
        "##[error]x", "esc\u{1B}[31m", "tab\tand \\ back",
        String(repeating: "😀", count: 15) + "abc",
        "right\u{202E}left", "a.b", "%s%n", "'; DROP TABLE x; --", "as role is denied", " ",
        "$$", "{\"json\": 1}", "UPPER", "select",
    ]

    @Test(
        "Roles, schemas, tables, columns and sequences of every name are tried and named",
        arguments: TestServer.all
    )
    func everyName(server: TestServer) async throws {
        let role = uniqueRoleName("x").prefix(20) + "\" '\n]]>"
        let database = try await server.makeDatabase()
        let connection = try database.connect()
        let app = try connection.quoted(identifier: String(role))
        try connection.execute("CREATE ROLE \(app) LOGIN")
        for name in Self.names {
            let quoted = try connection.quoted(identifier: name)
            for statement in [
                "CREATE SCHEMA \(quoted)", "GRANT USAGE ON SCHEMA \(quoted) TO \(app)",
                "CREATE TABLE \(quoted).\(quoted) (\(quoted) serial PRIMARY KEY, v text NOT NULL)",
                "GRANT INSERT ON \(quoted).\(quoted) TO \(app)",
            ] { try connection.execute(statement) }
        }
        let before = try database.fingerprint()
        try await withTemporaryDirectory { directory in
            let junit = "\(directory)/report.xml"
            let run = try await ReportedRun.of(
                database,
                ["--role", String(role), "--junit", junit, "-v"]
            )
            #expect(run.command.status == 1)
            #expect(run.report.counts["failed"] == Self.names.count)
            let tried = Set(run.report.trials.map(\.object.name))
            #expect(tried == Set(Self.names))
            for trial in run.report.trials {
                #expect(trial.role == String(role))
                #expect(trial.type == "pgsmoke.MissingSequencePrivilege", "\(trial)")
                #expect(trial.missing.count == 1, "\(trial)")
                #expect(!trial.name.contains { $0.isNewline })
            }
            // Terminal: one line a case, no control character, no workflow command.
            for line in run.command.standardError.split(separator: "\n") {
                let start = line.drop { $0 == " " }
                #expect(!start.hasPrefix("::"))
                #expect(!line.contains("##["))
                #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
            }
            let parser = XMLParser(data: try Data(contentsOf: URL(filePath: junit)))
            let names = CaseNames()
            parser.delegate = names
            #expect(parser.parse())
            #expect(names.found == run.report.trials.map(\.name))
        }
        #expect(try database.fingerprint().difference(from: before) == [])
        try connection.execute("DROP OWNED BY \(app)")
        try connection.execute("DROP ROLE \(app)")
    }

    @Test("Hostile setting values, enum labels, keys and defaults do no harm")
    func everyValue() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                ALTER ROLE \(app) SET app.note = 'x''); COMMIT; DROP TABLE victim; --';
                ALTER ROLE \(app) SET search_path = 'a"b', public;
                CREATE TABLE victim (id int);
                CREATE TYPE odd AS ENUM ('x''); COMMIT; DROP TABLE victim; --');
                CREATE TABLE parent (id text PRIMARY KEY);
                INSERT INTO parent VALUES (E'\\\\''); COMMIT; DROP TABLE victim; --');
                CREATE TABLE t (o odd NOT NULL, parent_id text NOT NULL REFERENCES parent);
                GRANT INSERT ON t TO \(app);
                """
        )
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, ["--role", app, "-t", "t"])
        #expect(run.report.counts["passed"] == 1, "\(run.report.trials)")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    private final class CaseNames: NSObject, XMLParserDelegate {
        var found: [String] = []

        func parser(
            _ parser: XMLParser,
            didStartElement element: String,
            namespaceURI: String?,
            qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            if element == "testcase", let name = attributes["name"] { found.append(name) }
        }
    }
}
