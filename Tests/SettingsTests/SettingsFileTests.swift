import Foundation
import Testing
import Trials

@testable import Settings

@Suite struct SettingsFileTests {
    private func read(_ text: String) throws -> SettingsFile {
        try SettingsFile(SettingsSource(path: "pgsmoke.yml", text: text))
    }

    @Test("Every key is read, with the line that it stands on")
    func everyKey() throws {
        let path = fixtures.appending(path: "good/every-key.yml").path(percentEncoded: false)
        let file = try SettingsFile(try SettingsSource.named(path))
        #expect(file.schemas == [Placed("public", line: 3), Placed("bill*", line: 4)])
        #expect(file.exclude.map(\.value) == ["*_archive", "public.\"Odd.Table\""])
        #expect(file.disabledLints.isEmpty)
        let importer = Profile(
            name: "importer",
            stance: Stance(
                allowed: [.insert, .insertReturning, .copy, .upsert, .merge],
                denied: [.delete, .truncate]
            )
        )
        #expect(file.profiles == [importer])
        #expect(
            file.roles.map(\.name.value) == [
                "settings_app", "settings_reader", "settings \"odd' role",
            ]
        )
        let app = file.roles[0]
        #expect(app.rules.profile == importer)
        #expect(
            app.rules.operations == [.select, .insert, .selectForUpdate, .currval, .execute]
        )
        #expect(app.rules.allow == [.references, .trigger, .maintain])
        #expect(app.rules.deny == [.drop, .create])
        #expect(
            app.settings.map { "\($0.name.line) \($0.name.value)=\($0.value)" } == [
                "19 app.tenant_id=42", "20 TimeZone=UTC",
                "21 search_path=\"$user\", billing, public",
                "22 statement_timeout=5s", "23 app.empty=",
            ]
        )
        #expect(file.tables.map(\.pattern.value) == ["users", "billing.invoices"])
        let users = file.tables[0]
        #expect(users.values.map(\.column) == [Placed("tenant", line: 29)])
        #expect(
            users.values[0].expression.value.hasSuffix("current_setting('app.tenant_id', true)\n")
        )
        #expect(users.rules.map(\.role.value) == ["settings_app", "settings_reader"])
        #expect(users.rules[0].rules == OperationRules(operations: [.insert]))
        #expect(
            users.rules[1].rules == OperationRules(allow: [.select], deny: [.insert, .update])
        )
        #expect(file.tables[1].values.map(\.expression.value) == ["42", "billing.next_number()"])
        #expect(
            file.connection.parameters.map(\.keyword) == [
                "host", "port", "dbname", "user", "password", "passfile", "sslmode", "sslcert",
                "sslkey", "sslrootcert", "connect_timeout", "target_session_attrs",
            ]
        )
    }

    @Test("The README's example is a file that can be read")
    func readme() throws {
        let path = fixtures.appending(path: "../../README.md").path(percentEncoded: false)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## pgsmoke.yml\n").last)
        let example = section.components(separatedBy: "```yaml\n")[1]
        let file = try read(example.components(separatedBy: "```")[0])
        #expect(
            file.roles.map(\.name.value) == ["app_role", "readonly_role", "importer", "old_app"]
        )
        #expect(file.roles.map(\.future) == [nil, nil, nil, false])
        #expect(file.tables.map(\.values.count) == [2])
    }

    @Test(
        "Constants need no quotes as values, and are taken as they are written",
        arguments: [("42", "42"), ("-1.50", "-1.50"), ("true", "true"), ("1e3", "1e3")]
    )
    func constants(written: String, expected: String) throws {
        let file = try read("tables: { t: { values: { c: \(written) } } }")
        #expect(file.tables[0].values[0].expression.value == expected)
    }

    @Test("A key that is there twice is found at its second place, however it is written")
    func duplicates() throws {
        for (text, line) in [
            ("roles:\n  a:\n  \"a\":\n", 3), ("exclude: []\nschemas: [x]\nexclude: []\n", 3),
            ("roles: { a: , a: }\n", 1),
            ("tables:\n  t:\n    values:\n      c: 1\n      d: 2\n      c: 3\n", 6),
        ] {
            let error = #expect(throws: SettingsError.self) { try read(text) }
            #expect(error?.line == line, "\(text)")
            #expect(error?.sentence.contains("is there already") == true)
        }
    }

    @Test("Anchors are refused wherever they stand, few or many, and no bomb goes off")
    func anchors() throws {
        let bomb = (0..<30).map { level in
            "? &a\(level) [*a\(max(0, level - 1)), *a\(max(0, level - 1)), *a\(max(0, level - 1))]"
        }
        for (text, line) in [
            ("roles:\n  a: &x { profile: writer }\n", 2), ("schemas: [a, &x b]\n", 1),
            ("&x roles:\n  a:\n", 1), ("roles: &x\n  a: *x\n", nil),
            ("? &a0 [x]\n" + bomb.dropFirst().joined(separator: "\n"), 1),
        ] as [(String, Int?)] {
            let error = #expect(throws: SettingsError.self) { try read(text) }
            if let line { #expect(error?.line == line, "\(text) \(error?.message ?? "")") }
        }
    }

    @Test("Signs that anchors begin with are harmless in texts")
    func ampersands() throws {
        let file = try read(
            """
            tables:
              t:
                values:
                  a: "array[1] && array[2] *2"
                  b: 3 * 4 & 5
            """
        )
        #expect(
            file.tables[0].values.map(\.expression.value) == [
                "array[1] && array[2] *2", "3 * 4 & 5",
            ]
        )
    }

    @Test("Whatever is cut off anywhere is read or told, and never a crash")
    func truncation() throws {
        for name in ["good/every-key.yml", "good/hostile-names.yml", "bad-text/bomb.yml"] {
            let path = fixtures.appending(path: name).path(percentEncoded: false)
            let text = try SettingsSource.named(path).text
            for count in 0..<text.count {
                do throws(SettingsError) {
                    _ = try SettingsFile(
                        SettingsSource(path: "x", text: String(text.prefix(count)))
                    )
                } catch {
                    #expect(!error.sentence.isEmpty && !error.message.contains("\n"))
                }
            }
        }
    }

    @Test("A name of any length is cut, and looked for among the known ones in no time")
    func longNames() throws {
        let name = String(repeating: "rol", count: 300_000)
        let error = #expect(throws: SettingsError.self) { try read("\(name): 1") }
        #expect((error?.message.count ?? 0) < 1_100)
    }

    @Test("A sentence is one line, whatever the file's names hold")
    func oneLine() throws {
        let error = #expect(throws: SettingsError.self) {
            try read("\"ro\\nles\\e[31m\": 1")
        }
        #expect(
            error?.message.hasPrefix(#"pgsmoke.yml:1: unknown key 'ro\x0Ales\x1B[31m'"#) == true
        )
    }
}

/// The folder of the settings files that are right and wrong.
private let fixtures = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "fixtures/settings")
