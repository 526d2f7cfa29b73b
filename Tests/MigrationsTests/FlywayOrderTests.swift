import Migrations
import Testing

@Suite("Flyway's order")
struct FlywayOrderTests {
    @Test("Versions are compared number by number, not as text")
    func versionsAreNumbers() throws {
        let order = try FlywayOrder(of: [
            "V10__ten.sql", "V2__two.sql", "V1.10__minor_ten.sql", "V1.9__minor_nine.sql",
            "V1__one.sql", "V2_1__underscore.sql", "V003__zeros.sql",
            "V20240131120000123456789__longer_than_a_machine_word.sql",
        ])
        #expect(
            order.migrations.map(\.file) == [
                "V1__one.sql", "V1.9__minor_nine.sql", "V1.10__minor_ten.sql", "V2__two.sql",
                "V2_1__underscore.sql", "V003__zeros.sql", "V10__ten.sql",
                "V20240131120000123456789__longer_than_a_machine_word.sql",
            ]
        )
    }

    @Test("Repeatable migrations come last, by description")
    func repeatablesComeLast() throws {
        let order = try FlywayOrder(of: [
            "R__views.sql", "R__Grants.sql", "V9__last.sql", "R__functions.sql",
        ])
        #expect(
            order.migrations.map(\.file) == [
                "V9__last.sql", "R__Grants.sql", "R__functions.sql", "R__views.sql",
            ]
        )
    }

    @Test(
        "Other files are ignored",
        arguments: [
            "U1__undo.sql", "B1__baseline.sql", "afterMigrate.sql", "V1__x.sql.bak", "V__x.sql",
            "V1a__x.sql", "V1..2__x.sql", "V1.__x.sql", "v1__x.sql", "R1__x.sql", "Readme.md",
            "V1__x", ".sql", "", "V1__x.SQL",
        ]
    )
    func othersAreIgnored(file: String) throws {
        #expect(try FlywayOrder(of: [file]).migrations.isEmpty)
    }

    @Test("A path keeps its folders, and the name after them counts")
    func pathsAreKept() throws {
        let order = try FlywayOrder(of: ["a/V2__b.sql", "z/V1__a.sql"])
        #expect(order.migrations.map(\.file) == ["z/V1__a.sql", "a/V2__b.sql"])
    }

    @Test("Version and description read as in Flyway's history")
    func namesAreTakenApart() throws {
        let migration = try #require(FlywayMigration(file: "V2_1__add_job_queue.sql"))
        #expect(migration.version == "2.1")
        #expect(migration.description == "add job queue")
        #expect(FlywayMigration(file: "V7.sql")?.description == "")
        #expect(FlywayMigration(file: "R__x.sql")?.version == nil)
    }

    @Test(
        "Two files of one version are refused, and both are named",
        arguments: [
            ["V1__a.sql", "V1.0__b.sql"], ["V01__a.sql", "V1__b.sql"],
            ["a/R__x.sql", "b/R__x.sql"],
        ]
    )
    func duplicatesAreRefused(files: [String]) throws {
        let error = try #require(throws: DuplicateMigration.self) { try FlywayOrder(of: files) }
        #expect(Set([error.first, error.second]) == Set(files))
        #expect(error.description.contains(files[0]) && error.description.contains(files[1]))
    }
}
