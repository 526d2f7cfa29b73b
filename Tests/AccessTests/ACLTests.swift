import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@testable import Access

@Suite struct ACLTests {
    private static let hostileParts = [
        "a=b", "x/y", "\"", "\"\"", "=r/postgres", "new\nline", "cr\r\nlf", "group g", "user u",
        "*",
        "r*w*/", "🦊", "e\u{301}", "'", "\\", " ", "123", "A", "+", "a,b", "{}",
    ]

    @Test(
        "A list is taken apart as the server does it, whatever its roles are called",
        arguments: TestServer.all
    )
    func hostileNames(server: TestServer) async throws {
        try await compare(
            Self.hostileParts.flatMap { [$0 + uniqueRoleName("r"), uniqueRoleName("r") + $0] },
            on: server
        )
    }

    @Test("A role's name may begin with a mark that joins the quote before it")
    func leadingMark() async throws {
        try await compare(["\u{301}" + uniqueRoleName("r")], on: TestServer.any)
    }

    @Test("Roles whose names differ only in how an accent is written are two roles")
    func equivalentNames() async throws {
        let stem = uniqueRoleName("r")
        try await compare(["\u{E9}" + stem, "e\u{301}" + stem], on: TestServer.any)
    }

    @Test("An empty list, and one for PUBLIC alone, are read")
    func simple() {
        #expect(ACL("", roles: [:]).entries == [])
        #expect(
            ACL("=rX*/", roles: [:]).entries == [
                ACL.Entry(
                    grantee: 0,
                    grantor: 0,
                    privileges: [.select, .execute],
                    grantable: [.execute]
                )
            ]
        )
    }

    @Test("A letter that a later server adds does no harm")
    func unknownLetter() {
        let entries = ACL("=r?*w/10\n16384=d/10", roles: [:]).entries
        #expect(entries.map(\.privileges) == [[.select, .update], [.delete]])
        #expect(entries.map(\.grantable) == [[], []])
        #expect(entries.map(\.grantee) == [0, 16_384])
        #expect(entries.map(\.grantor) == [10, 10])
    }

    /// Lets each role be granted something, by each other, and compares with `aclexplode`.
    private func compare(_ names: [String], on server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: "CREATE TABLE t (a integer)")
        let connection = try database.connect()
        var previous: String?
        for name in names {
            let role = try connection.quoted(identifier: name)
            try connection.execute(
                """
                CREATE ROLE \(role);
                GRANT SELECT, INSERT ON t TO \(role) WITH GRANT OPTION;
                GRANT UPDATE, TRUNCATE ON t TO \(role);
                """
            )
            if let previous {
                try connection.execute(
                    "SET ROLE \(previous); GRANT SELECT ON t TO \(role), PUBLIC; RESET ROLE"
                )
            }
            previous = role
        }
        let snapshot = try Snapshot.read(from: connection)
        let relation = try #require(snapshot.orderedRelations.first)
        let read = ACL(relation.acl, roles: snapshot.rolesByName).entries.flatMap { entry in
            entry.privileges.map { privilege in
                "\(entry.grantee) \(entry.grantor) \(privilege.rawValue) "
                    + "\(entry.grantable.contains(privilege) ? "t" : "f")"
            }
        }
        let rows = try connection.execute(
            """
            SELECT concat_ws(' ', grantee::bigint, grantor::bigint, privilege_type, is_grantable)
              FROM pg_class, aclexplode(relacl) WHERE relname = 't'
            """
        )
        #expect(read.sorted() == rows.compactMap(\.first).compactMap { $0 }.sorted())
    }
}
