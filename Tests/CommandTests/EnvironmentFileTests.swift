import Cluster
import Foundation
import TestSupport
import Testing

/// `--env-file` feeds libpq's variables as well as pgsmoke's own.
struct EnvironmentFileTests {
    private func run(
        _ texts: [String],
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) async throws -> CommandRun {
        try await withTemporaryDirectory { directory in
            var options: [String] = []
            for (index, text) in texts.enumerated() {
                let path = "\(directory)/\(index).env"
                try Data(text.utf8).write(to: URL(filePath: path))
                options += ["--env-file", path]
            }
            return try await CommandRun.of(options + arguments, environment: environment)
        }
    }

    @Test("Variables of every shape reach libpq; those of the environment and later files win")
    func shapes() async throws {
        let app = uniqueRoleName("app")
        let user = uniqueRoleName("it's # \"me\" $HOME \\ ")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN; CREATE TABLE t (a int); GRANT INSERT ON t TO \(app);
                CREATE ROLE "\(user.replacing("\"", with: "\"\""))" SUPERUSER LOGIN;
                """
        )
        let escaped = user.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let text =
            "\u{FEFF}# a comment\r\n\r\nexport PGHOST = '\(database.server.socketDirectory)' # there\r\n"
            + "PGPORT=\(database.server.port)   # the port\r\nPGDATABASE=nothing\r\n"
            + "  PGUSER=\"\(escaped)\"\r\nEMPTY=\r\nMANY=\"a\r\nb\"\r\nPGAPPNAME=#none\r\n"
        let later = "PGDATABASE=\(database.name)"
        let found = try await run([text, later], ["--role", app, "--json", "-"])
        #expect(found.status == 0, "\(found.standardOutput)\(found.standardError)")
        let report = try JSONSerialization.jsonObject(with: Data(found.standardOutput.utf8))
        let server = (report as? [String: Any])?["server"] as? [String: Any]
        #expect(server?["user"] as? String == user)
        #expect(server?["database"] as? String == database.name)

        let elsewhere = ["PGDATABASE": "no_such_database"]
        let other = try await run([text, later], environment: elsewhere)
        #expect(other.status == 2)
        #expect(other.standardOutput.contains("no_such_database"))
    }

    @Test("DATABASE_URL may stand in it, as a JDBC URL too")
    func databaseURL() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(app) LOGIN; CREATE TABLE t (a int); GRANT INSERT ON t TO \(app);"
        )
        let host = database.server.socketDirectory.replacing("/", with: "%2F")
        let url =
            "jdbc:postgresql://\(host):\(database.server.port)/\(database.name)?user=postgres"
        let found = try await run(["DATABASE_URL=\(url)&currentSchema=shop"], ["--role", app])
        #expect(found.status == 0, "\(found.standardOutput)\(found.standardError)")
    }

    @Test(
        "A line that cannot be read is exit 64 with file and line, and no value is shown",
        arguments: [
            ("A=1\nsekret\n", 2), ("A=1\r\n\r\nB sekret\n", 3), ("=sekret", 1), ("1A=sekret", 1),
            ("A=1\nB=\"sekret\nC=2\n", 2), ("A='1\n2' sekret\n", 2), ("A-B=sekret", 1),
            ("export\nA=sekret", 1), ("É=sekret", 1), ("A=sekret\0", 1),
        ]
    )
    func badLine(text: String, line: Int) async throws {
        let found = try await run([text])
        #expect(found.status == 64)
        #expect(found.standardError.contains("line \(line) of '"), "\(found.standardError)")
        #expect(found.standardError.contains("0.env'"))
        #expect(!(found.standardError + found.standardOutput).contains("sekret"))
    }

    @Test("A file that cannot be read is exit 64")
    func unreadable() async throws {
        let missing = try await CommandRun.of(["--env-file", "/nonexistent.env"])
        #expect(missing.status == 64)
        #expect(missing.standardError.contains("'/nonexistent.env'"))
        let directory = try await CommandRun.of(["--env-file", "/tmp"])
        #expect(directory.status == 64)
    }
}
