import Catalog
import Testing
import Trials

@testable import Settings

/// What a role is expected to do with a relation, as the rules of a file give it.
@Suite struct StanceTests {
    /// A file that says of `app` and of relation 1 what is given; `app` is asked about 1, and about 2.
    private func stances(_ text: String) throws -> (Stance?, Stance?) {
        let file = try SettingsFile(SettingsSource(path: "pgsmoke.yml", text: text))
        let rules = RelationRules(file, matching: file.tables.map { _ in [1] })
        return (rules.stance(of: "app", on: 1), rules.stance(of: "app", on: 2))
    }

    private static let writer = Stance(
        allowed: [.select, .insert, .insertReturning, .update, .delete, .nextval],
        denied: [.truncate, .drop, .setval]
    )

    @Test("The profiles say what they are documented to say")
    func profiles() throws {
        #expect(try stances("roles: { app: { profile: writer } }") == (Self.writer, Self.writer))
        let reader = Stance(
            allowed: [.select],
            denied: [.insert, .update, .delete, .truncate, .drop, .setval, .nextval]
        )
        #expect(try stances("roles: { app: { profile: reader } }").0 == reader)
        let migrator = Stance(allowed: Self.writer.allowed.union(Self.writer.denied))
        #expect(try stances("roles: { app: { profile: migrator } }").0 == migrator)
    }

    @Test(
        "A role of which nothing is said is to do what --role means, as is one with settings alone"
    )
    func silence() throws {
        let insert = Stance.declared
        #expect(insert.allowed == [.insert, .insertReturning, .nextval] && insert.isByDefault)
        for text in [
            "roles: { app: }", "roles: { app: {} }", "schemas: [public]",
            "roles: { app: { settings: { a.b: \"1\" } } }",
            "tables: { t: { deny: { other: [insert] } } }",
        ] {
            #expect(try stances(text) == (insert, insert), "\(text)")
        }
    }

    @Test("Lists override the profile, and a table's rules those of the role")
    func overriding() throws {
        var expected = Self.writer
        expected.allowed.remove(.delete)
        expected.denied.insert(.delete)
        #expect(
            try stances("roles: { app: { profile: writer, deny: [delete] } }")
                == (expected, expected)
        )
        #expect(
            try stances(
                """
                tables: { t: { deny: { app: [delete] } } }
                roles: { app: { profile: writer } }
                """
            ) == (expected, Self.writer)
        )
        #expect(
            try stances("roles: { app: { profile: writer, operations: [insert, drop] } }").0
                == Stance(allowed: [.insert, .drop], denied: [.truncate, .setval])
        )
        #expect(
            try stances("roles: { app: { profile: reader, allow: [insert] } }").0?.allowed
                == [.select, .insert]
        )
        #expect(
            try stances(
                """
                profiles: { mine: { allow: [copy], deny: [insert] } }
                roles: { app: { profile: mine } }
                tables:
                  t: { operations: { app: [insert] } }
                """
            ) == (
                Stance(allowed: [.insert]), Stance(allowed: [.copy], denied: [.insert])
            )
        )
    }

    @Test("Of two entries that match the same table the later counts")
    func order() throws {
        let text = """
            tables:
              t: { deny: { app: [insert] } }
              "*": { allow: { app: [insert] } }
            """
        #expect(try stances(text).0 == Stance(allowed: [.insert]))
    }

    @Test(
        "What only a table says of a role covers that table alone",
        arguments: [
            "tables: { t: { allow: { app: [insert] } } }",
            "{ roles: { app: {} }, tables: { t: { operations: { app: [insert] } } } }",
            "{ roles: { app: { settings: { a.b: \"\" } } }, tables: { t: { allow: { app: [insert] } } } }",
        ]
    )
    func uncovered(text: String) throws {
        #expect(try stances(text) == (Stance(allowed: [.insert]), nil))
    }

    @Test("Empty lists are rules too: nothing is expected, and the pair is covered")
    func emptyLists() throws {
        #expect(try stances("roles: { app: { operations: [] } }") == (Stance(), Stance()))
    }

    @Test("The file's roles are those under roles and those that tables speak of, once each")
    func roleNames() throws {
        let file = try SettingsFile(
            SettingsSource(
                path: "pgsmoke.yml",
                text: """
                    tables:
                      t: { deny: { b: [insert], c: [insert] }, allow: { c: [select] } }
                    roles: { b: , a: }
                    """
            )
        )
        #expect(file.roleNames.map(\.value) == ["b", "a", "c"])
        #expect(file.roleNames.map(\.line) == [3, 3, 2])
    }
}
