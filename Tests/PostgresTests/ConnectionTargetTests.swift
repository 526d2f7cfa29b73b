import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTargetTests {
    @Test("Flags, a conninfo string and a URI all lead to the database", arguments: Form.allCases)
    func reaches(form: Form) async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role) LOGIN")
        let connection = try Connection(to: form.target(of: database, as: role))
        #expect(
            try connection.execute("SELECT current_database(), session_user")
                == [[database.name, role]]
        )
    }

    enum Form: CaseIterable {
        case flags
        case conninfo
        case uri
        case databaseURL

        func target(of database: TestDatabase, as role: String) -> ConnectionTarget {
            let flags = database.target(user: role)
            let socket = flags.host ?? ""
            let port = flags.port ?? ""
            let uri = "postgresql://\(role)@/\(database.name)?host=\(socket)&port=\(port)"
            return switch self {
            case .flags: flags
            case .conninfo:
                ConnectionTarget(
                    database: "host='\(socket)' port=\(port) dbname=\(database.name) user=\(role)"
                )
            case .uri: ConnectionTarget(database: uri)
            case .databaseURL: ConnectionTarget(environment: ["DATABASE_URL": uri])
            }
        }
    }

    @Test("A connection string that is an option beats the other options")
    func stringBeatsOptions() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role) LOGIN")
        var target = Form.uri.target(of: database, as: role)
        target.user = "nobody at all"
        target.port = "1"
        #expect(try Connection(to: target).execute("SELECT session_user") == [[role]])
    }

    @Test("An option beats what DATABASE_URL says")
    func optionBeatsEnvironment() async throws {
        let role = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(sql: "CREATE ROLE \(role) LOGIN")
        var target = Form.databaseURL.target(of: database, as: "nobody")
        target.user = role
        #expect(try Connection(to: target).execute("SELECT session_user") == [[role]])
    }

    @Test("A connection string cannot change the encoding")
    func encoding() async throws {
        let database = try await TestServer.any.makeDatabase()
        var target = Form.uri.target(of: database, as: database.target().user ?? "")
        target.database = target.database.map { $0 + "&client_encoding=LATIN1" }
        #expect(try Connection(to: target).execute("SHOW client_encoding") == [["UTF8"]])
    }

    @Test("DATABASE_URL serves if nothing else names a database")
    func databaseURL() {
        let url = "postgresql://h/from_url"
        func database(_ option: String?, _ environment: [String: String]) -> String? {
            ConnectionTarget(database: option, environment: environment).database
        }
        #expect(database(nil, ["DATABASE_URL": url]) == url)
        #expect(database(nil, ["DATABASE_URL": url, "PGDATABASE": ""]) == url)
        #expect(database(nil, ["DATABASE_URL": url, "PGHOST": "elsewhere"]) == url)
        #expect(database("option", ["DATABASE_URL": url]) == "option")
        #expect(database(nil, ["DATABASE_URL": url, "PGDATABASE": "variable"]) == nil)
        #expect(database(nil, ["DATABASE_URL": url, "PGSERVICE": "service"]) == nil)
        #expect(database(nil, ["DATABASE_URL": ""]) == nil)
        #expect(database(nil, [:]) == nil)
    }

    @Test("A target knows what its database was taken from")
    func origin() {
        let environment = ["DATABASE_URL": "postgresql://h/d"]
        #expect(ConnectionTarget(database: "d", environment: environment).origin == "--dbname")
        #expect(ConnectionTarget(environment: environment).origin == "DATABASE_URL")
        #expect(ConnectionTarget().origin == "the environment")
    }

    @Test(
        "A string that cannot be read is told in one sentence without the password",
        arguments: [
            "postgresql://u:sekret@[::1/db",
            "postgresql://u:sekret%zz@h/db",
            "postgresql://u:sekret@h/%zzdb",
            "postgresql://u:sekret@h/db?bogus=sekret",
            "postgresql://u:sekret@h/db?bogus",
            "postgresql://u:sekret@h/db?application_name=a=sekret",
            "postgres://u@h/db?password=sekret&password2=sekret",
            "host=h password=sekret bogus=1",
            "host=h bogus=1 password=sekret",
            "host=h password='sekret",
            "host=h password='sekret' 'sekret'",
            "password=sekret dbname",
            "password = sekret sekret",
            "jdbc:postgresql://h/db?user=u&password=sekret&nope=1",
            "mysql://u:sekret@h/db",
            "postgresql+psycopg2://u:sekret@h/db",
            " postgresql://u:sekret@h/db?sslmode=x",
        ]
    )
    func malformed(string: String) throws {
        let target = ConnectionTarget(database: string)
        let thrown = #expect(throws: PostgresError.self) { try target.validate() }
        guard case .invalidConnectionString(let sentence) = try #require(thrown) else {
            Issue.record("\(String(describing: thrown))")
            return
        }
        #expect(sentence.hasPrefix("--dbname "))
        #expect(!sentence.contains("sekret"))
        #expect(sentence.split(whereSeparator: \.isNewline).count == 1)
        #expect(throws: PostgresError.invalidConnectionString(sentence)) {
            try Connection(to: target)
        }
    }

    @Test(
        "A password whose special characters were not escaped is not told either",
        arguments: [
            "postgresql://u:a/b?sekret=1@127.0.0.1:1/db",
            "postgresql://u:sekret/b@127.0.0.1:1/db",
            "postgresql://u:a@sekret@127.0.0.1:1/db",
            "u:sekret@postgresql://127.0.0.1:1/db",
        ]
    )
    func unescaped(string: String) throws {
        let thrown = #expect(throws: PostgresError.self) {
            try Connection(to: ConnectionTarget(database: string))
        }
        let error = try #require(thrown)
        #expect(!"\(error)".contains("sekret"))
    }

    @Test("A parameter that libpq does not know is named")
    func unknownParameter() throws {
        let target = ConnectionTarget(
            environment: ["DATABASE_URL": "postgresql://u:sekret@h/db?pgbouncer=true"]
        )
        #expect(
            throws: PostgresError.invalidConnectionString(
                "DATABASE_URL holds the URI parameter 'pgbouncer', which libpq does not know; "
                    + "take it out of the URI"
            )
        ) { try target.validate() }
    }

    @Test(
        "A database's name is no connection string",
        arguments: ["shop", "my shop", "postgresql"]
    )
    func plainName(name: String) throws {
        let target = ConnectionTarget(database: name)
        #expect(!target.isConnectionString)
        try target.validate()
    }

    @Test("A server that is not there is told without the password")
    func unreachable() throws {
        let target = ConnectionTarget(database: "postgresql://u:sekret@127.0.0.1:1/db")
        let thrown = #expect(throws: PostgresError.self) { try Connection(to: target) }
        guard case .connectionFailed(let reason, let needsPassword) = try #require(thrown) else {
            Issue.record("\(String(describing: thrown))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(!reason.contains("sekret"))
        #expect(!needsPassword)
    }
}
