import Access
import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@Suite struct LoginFactsTests {
    @Test(
        "A role can log in if the server lets it in",
        arguments: TestServer.all,
        [
            "LOGIN", "NOLOGIN", "LOGIN CONNECTION LIMIT 0", "LOGIN CONNECTION LIMIT 5",
            "LOGIN SUPERUSER", "LOGIN SUPERUSER CONNECTION LIMIT 0",
        ]
    )
    func agrees(server: TestServer, attributes: String) async throws {
        for isOpen in [true, false] {
            let role = uniqueRoleName("app")
            let database = try await server.makeDatabase(sql: "CREATE ROLE \(role) \(attributes)")
            if !isOpen {
                try database.execute("REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC")
            }
            let isLetIn = (try? database.connect(as: role)) != nil
            let canLogIn = try facts(of: role, in: database).canLogIn
            #expect(canLogIn == isLetIn)
        }
    }

    @Test("The obstacle is named")
    func obstacles() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role) LOGIN")
        #expect(
            try facts(of: role, in: database)
                == LoginFacts(role: role, canLogIn: true, why: "LOGIN, and CONNECT on the database")
        )
        try database.execute("ALTER ROLE \(role) CONNECTION LIMIT 0")
        #expect(try facts(of: role, in: database).why == "CONNECTION LIMIT 0")
        try database.execute("ALTER ROLE \(role) VALID UNTIL '2001-02-03'")
        let expired = try facts(of: role, in: database)
        #expect(!expired.canLogIn && expired.why.hasPrefix("its password expired on 2001-02-03"))
        try database.execute("ALTER ROLE \(role) VALID UNTIL 'infinity' CONNECTION LIMIT -1")
        #expect(try facts(of: role, in: database).canLogIn)
        try database.execute("REVOKE ALL ON DATABASE \(database.name) FROM PUBLIC")
        #expect(
            try facts(of: role, in: database).why == "no CONNECT on the database \(database.name)"
        )
    }

    @Test("A role without LOGIN is used through one that has it")
    func groups() async throws {
        let stem = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(stem)_group;
                CREATE ROLE \(stem)_middle;
                CREATE ROLE \(stem)_login LOGIN;
                CREATE ROLE \(stem)_alone;
                GRANT \(stem)_group TO \(stem)_middle;
                GRANT \(stem)_middle TO \(stem)_login;
                """
        )
        let group = "\(stem)_group"
        #expect(
            try facts(of: group, in: database)
                == LoginFacts(
                    role: group,
                    canLogIn: true,
                    why: "NOLOGIN, but used through \(stem)_login"
                )
        )
        #expect(
            try facts(of: "\(stem)_alone", in: database).why
                == "NOLOGIN, and no LOGIN role inherits from it or may SET ROLE to it"
        )
        try database.execute("ALTER ROLE \(stem)_login CONNECTION LIMIT 0")
        let blocked = try facts(of: group, in: database)
        #expect(!blocked.canLogIn)
        #expect(
            blocked.why == "NOLOGIN, and of \(stem)_login, which may use it: CONNECTION LIMIT 0"
        )
    }

    private func facts(of name: String, in database: TestDatabase) throws -> LoginFacts {
        let snapshot = try database.snapshot()
        let role = try #require(snapshot.rolesByName[name])
        return AccessMap(snapshot).loginFacts(of: role)
    }
}
