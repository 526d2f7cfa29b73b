import Testing
import Trials

@Suite struct CaseNameTests {
    @Test("A name reads as it is written in the documentation")
    func plain() {
        let table = ObjectName(kind: .table, schema: "public", name: "users")
        #expect(
            Trial(role: "app_role", operation: .insert, object: table).name
                == "insert public.users as app_role"
        )
        #expect(
            Trial(role: "app_role", operation: .insert, object: table, expected: .denied).name
                == "insert public.users as app_role is denied"
        )
        let role = ObjectName(kind: .role, schema: nil, name: "app_role")
        #expect(
            Trial(role: "app_role", operation: .setRole, object: role).name == "set-role app_role"
        )
        let login = Trial(role: "app_role", operation: .connect, object: role)
        #expect(login.name == "connect app_role")
        #expect(CaseName.className(of: login) == "pgsmoke.app_role")
        let database = ObjectName(kind: .database, schema: nil, name: "")
        let run = Trial(role: "", operation: .connect, object: database)
        #expect(run.name == "connect")
        #expect(CaseName.className(of: run) == "pgsmoke.connect")
    }

    @Test(
        "A name can be taken apart again, whatever is in it",
        arguments: Sample.hostileIdentifiers
    )
    func hostile(_ name: String) throws {
        for expected in [Expectation.allowed, .denied] {
            for (schema, relation, role) in [(name, "t", "r"), ("s", name, "r"), ("s", "t", name)] {
                let trial = Trial(
                    role: role,
                    operation: .insert,
                    object: ObjectName(kind: .table, schema: schema, name: relation),
                    expected: expected
                )
                guard !trial.name.contains("~") else { continue }
                let parts = try #require(CaseNameParser.parts(of: trial.name))
                #expect(
                    parts
                        == CaseNameParts(
                            operation: "insert",
                            object: [schema, relation],
                            role: role,
                            isDenied: expected == .denied
                        )
                )
            }
        }
    }

    @Test("A name is one line without control characters", arguments: Sample.hostileIdentifiers)
    func printable(_ name: String) {
        let object = ObjectName(kind: .table, schema: name, name: name)
        let trial = Trial(role: name, operation: .insert, object: object)
        for text in [trial.name, CaseName.className(of: trial)] {
            #expect(!text.unicodeScalars.contains(where: PrintableText.isControl))
            #expect(text.unicodeScalars.count <= CaseName.limit)
        }
    }

    /// 63 control characters take 252 to write.
    static let long = ObjectName(
        kind: .table,
        schema: "public",
        name: String(repeating: "\u{1B}", count: 63)
    )

    @Test("A relation that is too long is cut and marked with its SHA-256")
    func cut() {
        let name = Trial(role: "app_role", operation: .insert, object: Self.long).name
        #expect(name.count == 250)
        #expect(name.hasPrefix("insert public.\"\\x1B\\x1B"))
        #expect(name.hasSuffix("~d42fe1e4 as app_role"))
    }

    @Test("Relations that differ only where they are cut keep different names")
    func distinct() {
        var other = Self.long
        other.name = String(other.name.dropLast()) + "\u{1C}"
        let names = [Self.long, other].map {
            Trial(role: "app_role", operation: .insert, object: $0).name
        }
        #expect(names[0] != names[1])
        #expect(names[0].prefix(220) == names[1].prefix(220))
    }

    @Test(
        "The SHA-256 is the one that everybody computes",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ]
    )
    func digest(_ text: String, _ digest: String) {
        #expect(Digest.sha256(text) == digest)
    }
}
