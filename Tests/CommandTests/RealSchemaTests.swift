import Foundation
import TestSupport
import Testing

/// Schemas that nobody here wrote, fetched by `ci/schemas`, with everything granted.
@Suite(.enabled(if: RealSchema.directory != nil))
struct RealSchemaTests {
    private static let operations = [
        "insert", "insert-returning", "copy", "select", "update", "delete", "select-for-update",
    ]

    private static func arguments(_ role: String) -> [String] {
        ["--role", role, "--operations", operations.joined(separator: ",")]
    }

    @Test(
        "With everything granted every table passes but for what is broken in the schema itself",
        arguments: RealSchema.all
    )
    func everythingGranted(schema: RealSchema) async throws {
        let (database, role) = try await schema.load()
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(database, Self.arguments(role))
        #expect(run.report.trials.count == schema.tables * Self.operations.count)
        let others = run.report.trials.filter {
            $0.verdict != "passed" && $0.name.hasPrefix("insert ")
        }
        let unable = run.report.trials.filter { trial in
            trial.verdict != "passed" && !schema.broken.contains { $0.hasPrefix(trial.object.name) }
        }
        #expect(unable.isEmpty, "\(unable)")
        #expect(others.map { "\($0.object.name) \($0.type ?? "")" } == schema.broken, "\(others)")
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("One sequence's grant taken away: exactly the table behind it fails")
    func oneGrantLess() async throws {
        let icinga = try #require(RealSchema.all.first { $0.name == "icinga2" })
        let (database, role) = try await icinga.load()
        try database.execute("REVOKE ALL ON SEQUENCE icinga_hosts_host_id_seq FROM \(role)")
        let run = try await ReportedRun.of(database, ["--role", role, "--operations", "insert"])
        let denied = run.report.trials.filter { $0.type == "pgsmoke.MissingSequencePrivilege" }
        #expect(denied.map(\.object.name) == ["icinga_hosts"])
        #expect(denied.first?.missing.first?.name == "icinga_hosts_host_id_seq")
        #expect(run.report.counts["failed"] == 1 + icinga.broken.count)
        #expect(run.report.counts["passed"] == icinga.tables - 1 - icinga.broken.count)
    }
}

/// A schema from a Debian package.
struct RealSchema: Sendable, CustomStringConvertible {
    let name: String
    let file: String
    let tables: Int
    /// What no application can insert into as the schema comes.
    var broken: [String] = []

    var description: String { name }

    static let directory = ProcessInfo.processInfo.environment["PGSMOKE_TEST_SCHEMAS"]

    static let all = [
        RealSchema(
            name: "zabbix",
            file: "zabbix-server-pgsql/usr/share/zabbix-server-pgsql/schema.sql.gz",
            tables: 173
        ),
        // Its own script puts a row with an explicit 1 where the sequence starts at 1.
        RealSchema(
            name: "icinga2",
            file: "icinga2-ido-pgsql/usr/share/icinga2-ido-pgsql/schema/pgsql.sql",
            tables: 61,
            broken: ["icinga_dbversion pgsmoke.SequenceBehind"]
        ),
        RealSchema(
            name: "powerdns",
            file: "pdns-backend-pgsql/usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql",
            tables: 7
        ),
        RealSchema(
            name: "icingaweb2",
            file: "icingaweb2/usr/share/icingaweb2/schema/pgsql.schema.sql",
            tables: 6
        ),
    ]

    /// Makes a database with the schema and a role with every privilege in it.
    func load() async throws -> (TestDatabase, role: String) {
        let path = "\(Self.directory ?? "")/\(file)"
        let reader = Process()
        reader.executableURL = URL(filePath: "/bin/sh")
        reader.arguments = [
            "-c", #"case $1 in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac"#, "sh", path,
        ]
        let output = Pipe()
        reader.standardOutput = output
        try reader.run()
        let sql = try #require(try output.fileHandleForReading.readToEnd())
        reader.waitUntilExit()
        let database = try await TestServer.any.makeDatabase(
            sql: String(decoding: sql, as: UTF8.self)
        )
        let role = uniqueRoleName("everything")
        try database.execute(
            """
            CREATE ROLE \(role) LOGIN;
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role);
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \(role);
            """
        )
        return (database, role)
    }
}
