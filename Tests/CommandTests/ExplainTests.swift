import Foundation
import TestSupport
import Testing

/// Explanations as `fixtures/explain` has them, one file a question; `PGSMOKE_RECORD=1` writes them
/// anew.
struct ExplainTests {
    /// A question, the file that holds its answer and the versions that give it.
    struct Question: Sendable, CustomStringConvertible {
        let file: String
        let arguments: [String]
        let status: Int32
        let versions: ClosedRange<Int>

        init(
            _ file: String,
            _ arguments: String...,
            status: Int32,
            on versions: ClosedRange<Int> = 13...99
        ) {
            self.file = file
            self.arguments = arguments
            self.status = status
            self.versions = versions
        }

        var description: String { file }
    }

    private static let questions = [
        Question("chains", "app", "open.orders", "SELECT", status: 0, on: 13...15),
        Question("granted-on", "app", "orders", "a", status: 0, on: 13...15),
        Question("by-public", "stranger", "open.for_all", "SELECT", status: 0, on: 15...16),
        Question("columns-only", "app", "columns_only", "INSERT", status: 1, on: 15...16),
        Question(
            "column",
            "app",
            "column:open.columns_only.\"c d\"",
            "INSERT",
            status: 0,
            on: 15...16
        ),
        Question("owner", "owner_member", "closed.owned", "TRUNCATE", status: 0, on: 15...16),
        Question("owner-revoked", "bare_owner", "closed.bare", "INSERT", status: 1),
        Question("schema-closed", "app", "closed.owned", "INSERT", status: 1, on: 15...16),
        Question("missing", "stranger", "table:open.orders", "INSERT", status: 1, on: 13...15),
        Question("noinherit", "noinherit_app", "open.orders", "INSERT", status: 1, on: 13...15),
        Question("wall", "below_wall", "open.orders", "INSERT", status: 1, on: 13...15),
        Question("superuser", "root_like", "open.untouched", "DELETE", status: 0, on: 15...16),
        Question(
            "becoming-superuser",
            "root_member",
            "open.untouched",
            "DELETE",
            status: 1,
            on: 15...16
        ),
        Question("all", "app", "sequence:open.s_update", status: 0),
        Question("granter", "granter_member", "fdw_typo:nowhere", status: 64),
        Question("wrapper", "granter_member", "foreign-data-wrapper:nowhere", status: 0),
        Question("server", "app", "server:far", "usage", status: 0),
        Question("function", "app", "function:open.f(int)", status: 0, on: 15...16),
        Question(
            "function-default",
            "stranger",
            "function:open.f(text, int4[])",
            status: 0,
            on: 15...16
        ),
        Question("procedure", "app", "procedure:open.p", status: 1, on: 15...16),
        Question("schema", "app", "schema:open", status: 0),
        Question("database", "app", "database:$database", status: 0),
        Question("type", "app", "type:open.mood", status: 0),
        Question("domain", "app", "domain:open.price", status: 1),
        Question("language", "app", "language:plpgsql", status: 0),
        Question("language-untrusted", "app", "language:c", status: 1),
        Question("tablespace", "app", "tablespace:pg_default", status: 0),
        Question("large-object", "app", "large object:70002", status: 0),
        Question("public", "public", "columns_only", "REFERENCES", status: 1, on: 15...16),
        Question(
            "odd-names",
            "Odd \"Role\"",
            "\"Odd Schema\".\"Odd.Table\"",
            "INSERT",
            status: 0,
            on: 15...16
        ),
        Question(
            "read-all-data",
            "reader_of_all",
            "open.untouched",
            "SELECT",
            status: 0,
            on: 15...16
        ),
        Question(
            "write-all-data",
            "writer_of_all",
            "open.s_none",
            "UPDATE",
            status: 0,
            on: 14...99
        ),
        Question("database-owner", "dba_member", "untouched", "SELECT", status: 0, on: 15...15),
        Question("database-owner-16", "dba_member", "untouched", "SELECT", status: 0, on: 16...16),
        Question("parameter", "app", "parameter:session_replication_role", status: 0, on: 15...99),
        Question("parameter-of-users", "app", "parameter:work_mem", "SET", status: 0, on: 15...99),
        Question("inherit-false", "inherit_false", "orders", "INSERT", status: 1, on: 16...16),
        Question("set-false", "set_false", "orders", "INSERT", status: 0, on: 16...16),
        Question("neither", "neither", "orders", "INSERT", status: 1, on: 16...16),
        Question("beyond", "beyond", "orders", "INSERT", status: 1, on: 16...16),
        Question("only-admin", "only_admin", "orders", "INSERT", status: 1, on: 16...16),
        Question(
            "option-beats-noinherit",
            "option_beats_noinherit",
            "orders",
            "INSERT",
            status: 0,
            on: 16...16
        ),
        Question("maintain", "keeper", "open.untouched", "MAINTAIN", status: 0, on: 17...99),
    ]

    @Test("An explanation is what its fixture says", arguments: TestServer.all)
    func fixtures(server: TestServer) async throws {
        try await AccessFixture.with(server) { database in
            for question in Self.questions where question.versions.contains(server.major) {
                let arguments = question.arguments.map {
                    $0.replacing("$database", with: database.name)
                }
                let run = try await CommandRun.of(["explain"] + database.options() + arguments)
                #expect(run.status == question.status, "\(question): \(run.standardError)")
                let text = run.standardOutput + run.standardError
                try check(question.file, text.replacing(database.name, with: "shop"))
            }
        }
    }

    private func check(_ name: String, _ text: String) throws {
        let path = repository.appending(path: "fixtures/explain/\(name).txt")
        if ProcessInfo.processInfo.environment["PGSMOKE_RECORD"] == "1" {
            try Data(text.utf8).write(to: path)
        }
        let recorded = try? String(contentsOf: path, encoding: .utf8)
        #expect(text == recorded, "\(name)")
    }

    @Test("A denial that the trials find is explained", arguments: TestServer.all, Fact.all)
    func denials(server: TestServer, fact: Fact) async throws {
        let fixture = fact.withUniqueRoles()
        // Privileges stand in capitals, the types between a function's parentheses do not.
        let missing = fixture.expectations.compactMap(\.missing)
            .flatMap { $0.split(separator: /, (?=[A-Z])/).map(String.init) }
        guard fact.holds(on: server.major), !missing.isEmpty else { return }
        let database = try await server.makeDatabase(sql: fixture.text)
        for missing in missing {
            let lack = try #require(Lack(missing))
            let run = try await CommandRun.of(
                ["explain"] + database.options() + [lack.grantee, lack.object, lack.privilege]
            )
            #expect(run.status == 1, "\(missing): \(run.standardOutput)\(run.standardError)")
            #expect(run.standardOutput.contains("│ grant     GRANT \(lack.privilege)"))
            #expect(run.standardOutput.contains(" TO \(lack.grantee);"))
        }
    }

    @Test(
        "A name that leads nowhere, or to several objects, is exit 64 with what was meant",
        arguments: [
            (["stranger", "ordrs"], "did you mean open.orders?"),
            (["strangr", "orders"], "did you mean 'stranger'?"),
            (["app", "open"], "there is schema:open"),
            (["app", "function:open.f"], "open.f(integer) or open.f(text, integer[])"),
            (["app", "function:open.f("], "'open.f(' is no name"),
            (["app", "kolumn:x"], "'kolumn' is no kind of object"),
            (["app", "a.b.c"], "'a.b.c' is no name"), (["app", "\"open"], "is no name"),
            (["app", "column:orders"], "column:public.users.email"),
            (["app", "column:orders.amont"], "did you mean open.orders.amount?"),
            (["app", "orders", "EXECUTE"], "'EXECUTE' is no privilege on a table"),
            (["app", "large-object:x"], "large-object:16401"),
            (["app", "large-object:1"], "there is no large object '1'"),
            (["app", "pg_catalog.pg_class"], "the system's own schemas are not looked into"),
            (["app", "orders\u{1B}[2J"], #"'orders\x1B[2J'"#),
        ] as [([String], String)]
    )
    func misuse(arguments: [String], sentence: String) async throws {
        try await AccessFixture.with(TestServer.any) { database in
            let run = try await CommandRun.of(["explain"] + database.options() + arguments)
            #expect(run.status == 64)
            #expect(run.standardOutput.isEmpty)
            #expect(run.standardError.contains(sentence), "\(run.standardError)")
        }
    }

    @Test("A relation of the same name in two schemas has to be told apart")
    func ambiguous() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(role);
                CREATE SCHEMA billing;
                CREATE TABLE users ();
                CREATE TABLE billing.users ();
                """
        )
        let run = try await CommandRun.of(["explain"] + database.options() + [role, "users"])
        #expect(run.status == 64)
        #expect(run.standardError.contains("billing.users or public.users"))
    }

    @Test("Colour is for terminals only")
    func colour() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role)")
        let arguments = ["explain"] + database.options() + [role, "schema:public", "USAGE"]
        let plain = try await CommandRun.of(arguments)
        #expect(!plain.standardOutput.contains("\u{1B}["))
        let coloured = try await CommandRun.of(arguments, onTerminal: true)
        #expect(coloured.standardOutput.contains("\u{1B}["))
    }
}

/// What a fact says is missing: `USAGE on sequence public.t_id_seq for app`.
private struct Lack {
    let privilege: String
    let object: String
    let grantee: String

    init?(_ text: String) {
        let sides = text.components(separatedBy: " for ")
        let words = sides[0].components(separatedBy: " on ")
        guard sides.count == 2, words.count == 2 else { return nil }
        grantee = sides[1]
        var kindAndName = words[1]
        var privilege = words[0]
        var column = ""
        // A privilege on a column is written as GRANT writes it.
        if let parenthesis = privilege.firstIndex(of: "(") {
            column = ".\(privilege[privilege.index(after: parenthesis)...].dropLast())"
            privilege = privilege[..<parenthesis].trimmingCharacters(in: .whitespaces)
        }
        let kinds = ["partitioned table", "materialized view", "foreign table"]
        let kind =
            kinds.first { kindAndName.hasPrefix($0) }
            ?? String(kindAndName.prefix { $0 != " " })
        kindAndName.removeFirst(kind.count + 1)
        self.privilege = privilege
        object = column.isEmpty ? "\(kind):\(kindAndName)" : "column:\(kindAndName)\(column)"
    }
}
