import Access
import Foundation
import TestSupport
import Testing
import Trials

/// Each rule with a schema that breaks it and one that does not: `fixtures/lint`.
struct LintTests {
    @Test(
        "What breaks a rule is found, and the statements that mend it do",
        arguments: TestServer.all,
        Rule.all.map(\.code)
    )
    func broken(server: TestServer, code: String) async throws {
        let fixture = try LintFixture(code, "broken")
        let database = try await server.makeDatabase(sql: fixture.script)
        let before = try await findings(in: database).filter { $0.code == code }
        #expect(before.map(\.object.displayed) == [fixture.object])
        let rule = try #require(Rule.all.first { $0.code == code })
        #expect(before.first?.severity == rule.severity.rawValue)
        guard let finding = before.first, server.major >= fixture.mendedFrom else { return }
        #expect(!finding.mending.isEmpty)
        for statement in finding.mending {
            try database.execute("SET ROLE \(quoted(statement.runBy)); \(statement.sql)")
        }
        let after = try await findings(in: database).filter { $0.code == code }
        #expect(after.map(\.object.displayed) == [])
    }

    @Test(
        "What keeps a rule is not reported",
        arguments: TestServer.all,
        Rule.all.map(\.code)
    )
    func sound(server: TestServer, code: String) async throws {
        let fixture = try LintFixture(code, "sound")
        let database = try await server.makeDatabase(sql: fixture.script)
        let findings = try await findings(in: database).filter { finding in
            // Roles belong to the whole server, and so do the findings of other tests about them.
            finding.code == code
                && (finding.object.kind != "role" || fixture.roles.contains(finding.object.name))
        }
        #expect(findings.map(\.reason) == [])
    }

    @Test("The pages of fixtures/lint.md are those of the rules")
    func pages() throws {
        let path = repository.appending(path: "fixtures/lint.md")
        if ProcessInfo.processInfo.environment["PGSMOKE_RECORD"] == "1" {
            try Data(LintPages.document.utf8).write(to: path)
        }
        #expect(try String(contentsOf: path, encoding: .utf8) == LintPages.document)
        #expect(Set(Rule.all.map(\.code)).count == Rule.all.count)
    }

    @Test("A rule's page is printed without a server, an unknown rule is exit 64")
    func explain() async throws {
        let page = try await CommandRun.of(["lint", "--explain", "sequence-update"])
        #expect(page.status == 0)
        #expect(page.standardOutput.contains("setval"))
        let list = try await CommandRun.of(["lint", "--list"])
        #expect(list.standardOutput.split(separator: "\n").count == Rule.all.count)
        for option in ["--explain", "--disable"] {
            let unknown = try await CommandRun.of(["lint", option, "sequence-updates"])
            #expect(unknown.status == 64)
            #expect(unknown.standardError.contains("did you mean 'sequence-update'?"))
        }
    }

    @Test("The incident is an error, and once cured only its cause is left")
    func incident() async throws {
        let database = try await TestServer.any.makeDatabase()
        for script in try migrations("migrations") { try database.execute(script) }
        let arguments = ["lint"] + database.options() + ["-n", "shop"]
        let before = try await CommandRun.of(arguments)
        #expect(before.status == 1)
        #expect(
            before.standardOutput.contains("error sequence-unusable: sequence shop.jobs_id_seq")
        )
        #expect(before.standardError.contains("pgsmoke: exit 1: 1 finding is an error"))
        for script in try migrations("cure") { try database.execute(script) }
        let after = try await CommandRun.of(arguments + ["--format", "json"])
        #expect(after.status == 0)
        // Migrations run as shop_owner, default privileges are those of the superuser: the next
        // table will come without grants again.
        let codes = try Findings.decoded(after.standardOutput).map(\.code)
        #expect(codes == ["default-privileges-idle", "default-privileges-missing"])
        let disabled = codes.flatMap { ["--disable", $0] }
        let none = try await CommandRun.of(arguments + disabled)
        #expect(none.status == 0)
        #expect(none.standardOutput == "no findings\n")
    }

    @Test("A run with --lint has the findings among its cases")
    func run() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: LintFixture("sequence-unusable", "broken").script
        )
        let plain = try await ReportedRun.of(database, [])
        #expect(!plain.report.trials.contains { $0.name.hasPrefix("lint ") })
        let run = try await ReportedRun.of(database, ["--lint"])
        let name = "lint sequence-unusable public.orders_id_seq"
        let finding = try #require(run.report.trial(name))
        #expect(finding.verdict == "failed")
        #expect(finding.type == "pgsmoke.Lint")
        #expect(run.report.exitCode == 1)
    }

    @Test("Hostile names pass through every finding and the statements that mend it")
    func hostileNames() async throws {
        let role = uniqueRoleName("app") + "'\";--"
        let name = "o'\"r\\d;--"
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(quoted(role)) LOGIN CREATEROLE BYPASSRLS VALID UNTIL '2020-01-01';
                CREATE SCHEMA \(quoted(name));
                CREATE TABLE \(quoted(name)).\(quoted(name)) (\(quoted(name)) serial PRIMARY KEY);
                INSERT INTO \(quoted(name)).\(quoted(name)) VALUES (5);
                CREATE POLICY p ON \(quoted(name)).\(quoted(name));
                GRANT ALL ON \(quoted(name)).\(quoted(name)) TO \(quoted(role)) WITH GRANT OPTION;
                GRANT SELECT (\(quoted(name))) ON \(quoted(name)).\(quoted(name)) TO PUBLIC;
                GRANT ALL ON SCHEMA \(quoted(name)) TO \(quoted(role));
                CREATE FUNCTION \(quoted(name)).\(quoted(name + "("))(text) RETURNS void
                    SECURITY DEFINER LANGUAGE plpgsql AS 'BEGIN END';
                """
        )
        let found = try await findings(in: database).filter { finding in
            finding.object.kind != "role" || finding.object.name == role
        }
        #expect(
            Set(found.map(\.code)) == [
                "sequence-unusable", "sequence-behind", "row-security-off", "definer-search-path",
                "public-privilege", "schema-create", "grant-option", "writer-extras",
                "role-bypassrls", "role-createrole", "role-cannot-log-in",
            ]
        )
        for statement in found.flatMap(\.mending) {
            try database.execute("SET ROLE \(quoted(statement.runBy)); \(statement.sql)")
        }
        let left = try await findings(in: database).filter { finding in
            finding.object.kind != "role" || finding.object.name == role
        }
        #expect(left.map(\.code) == [])
    }

    @Test("A role that may only connect lints without false alarms", arguments: TestServer.all)
    func withoutPrivileges(server: TestServer) async throws {
        let fixture = try LintFixture("sequence-behind", "broken")
        let role = uniqueRoleName("nobody")
        let database = try await server.makeDatabase(
            sql: "CREATE ROLE \(role) LOGIN; \(fixture.script)"
        )
        let run = try await CommandRun.of(
            ["lint", "--format", "json"] + database.options(as: role)
        )
        #expect(run.status == 0, "\(run.standardOutput)")
        let codes = try Findings.decoded(run.standardOutput).map(\.code)
        #expect(!codes.contains { $0.hasPrefix("sequence-") })
    }

    private func findings(in database: TestDatabase) async throws -> [Findings.Finding] {
        let run = try await CommandRun.of(["lint", "--format", "json"] + database.options())
        #expect([0, 1].contains(run.status), "\(run.standardError)")
        return try Findings.decoded(run.standardOutput)
    }

    private func migrations(_ folder: String) throws -> [String] {
        let folder = repository.appending(path: "fixtures/incident/\(folder)")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
            .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
    }

    private func quoted(_ name: String) -> String {
        "\"\(name.replacing("\"", with: "\"\""))\""
    }
}

/// One schema of `fixtures/lint`, its roles made unique.
private struct LintFixture {
    let script: String
    let object: String
    let roles: Set<String>
    /// The first version on which the finding comes with statements.
    let mendedFrom: Int

    init(_ code: String, _ name: String) throws {
        var text = try String(
            contentsOf: repository.appending(path: "fixtures/lint/\(code)/\(name).sql"),
            encoding: .utf8
        )
        var roles: Set<String> = []
        for stem in ["app", "owner", "writers", "migrator"] {
            let role = uniqueRoleName(stem)
            text = text.replacing("{\(stem)}", with: role)
            roles.insert(role)
        }
        func value(_ key: String) -> String? {
            text.split(separator: "\n").first { $0.hasPrefix("-- \(key): ") }
                .map { String($0.dropFirst("-- \(key): ".count)) }
        }
        script = text
        object = value("object") ?? ""
        self.roles = roles
        mendedFrom = value("mended").flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    }
}

private struct Findings: Decodable {
    struct Object: Decodable {
        let kind: String
        let schema: String?
        let name: String

        var displayed: String { [schema, name].compactMap(\.self).joined(separator: ".") }
    }

    struct Statement: Decodable {
        let sql: String
        let runBy: String
    }

    struct Finding: Decodable {
        let code: String
        let severity: String
        let object: Object
        let reason: String
        let mending: [Statement]
    }

    let findings: [Finding]

    static func decoded(_ text: String) throws -> [Finding] {
        try JSONDecoder().decode(Findings.self, from: Data(text.utf8)).findings
    }
}
