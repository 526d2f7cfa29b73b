import TestSupport
import Testing

@testable import Postgres

@Suite("A JDBC URL") struct JDBCURLTests {
    @Test(
        "becomes libpq's parameters",
        arguments: [
            ("jdbc:postgresql:shop", "dbname='shop'"),
            ("jdbc:postgresql:/", ""),
            ("jdbc:postgresql://db/shop", "host='db' port='5432' dbname='shop'"),
            ("jdbc:postgresql://db:6543/", "host='db' port='6543'"),
            ("jdbc:postgresql:///shop", "dbname='shop'"),
            ("jdbc:postgresql://a:1,b/shop", "host='a,b' port='1,5432' dbname='shop'"),
            (
                "jdbc:postgresql://[::1]:7,[fe80::2]/s",
                "host='::1,fe80::2' port='7,5432' dbname='s'"
            ),
            ("jdbc:postgresql://h/a%20b%2Fc%3D", "host='h' port='5432' dbname='a b/c='"),
            (
                "jdbc:postgresql:d?user=o%27neil&password=a%26b+c%5C",
                #"dbname='d' user='o\'neil' password='a&b c\\'"#
            ),
            ("jdbc:postgresql:d?sslmode=verify-ca", "dbname='d' sslmode='verify-ca'"),
            (
                "jdbc:postgresql:d?ssl=true&sslrootcert=/ca.crt",
                "dbname='d' sslrootcert='/ca.crt' sslmode='verify-full'"
            ),
            ("jdbc:postgresql:d?ssl", "dbname='d' sslmode='verify-full'"),
            ("jdbc:postgresql:d?ssl=false", "dbname='d'"),
            ("jdbc:postgresql:d?ssl=true&sslmode=require", "dbname='d' sslmode='require'"),
            (
                "jdbc:postgresql:d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory",
                "dbname='d' sslmode='require'"
            ),
            (
                "jdbc:postgresql:d?ApplicationName=my+app&currentSchema=a,b&prepareThreshold=0",
                "dbname='d' application_name='my app'"
            ),
            ("jdbc:postgresql:d?connectTimeout=9&loginTimeout=4", "dbname='d' connect_timeout='4'"),
            ("jdbc:postgresql:d?connectTimeout=0", "dbname='d' connect_timeout='0'"),
            ("jdbc:postgresql:d?options=-c%20a%3Db", "dbname='d' options='-c a=b'"),
            (
                "jdbc:postgresql:d?targetServerType=primary&tcpKeepAlive=true",
                "dbname='d' target_session_attrs='primary' keepalives='1'"
            ),
        ]
    )
    func translated(url: String, conninfo: String) throws {
        #expect(try JDBCURL(url, origin: "x").conninfo == conninfo)
    }

    @Test(
        "that cannot be read is refused in one sentence without any value",
        arguments: [
            ("jdbc:postgresql://me:sekret@db/shop", "before an @"),
            ("jdbc:postgresql://db/shop?password=sekret&schema=x", "'schema'"),
            ("jdbc:postgresql://db/shop?password=se&sekret", "%26"),
            ("jdbc:postgresql://db/shop?password=sekret&currentschema=x", "'currentSchema'"),
            ("jdbc:postgresql://db/shop?password=sekret%", "%25"),
            ("jdbc:postgresql://db/shop?password=sekret%zz", "%25"),
            ("jdbc:postgresql://db/shop?password=sekret%00", "%25"),
            ("jdbc:postgresql://db/shop?password=sekret%FF", "%25"),
            ("jdbc:postgresql://db:x/shop?password=sekret", "port"),
            ("jdbc:postgresql://db:70000/shop?password=sekret", "port"),
            ("jdbc:postgresql://[::1/shop?password=sekret", "[ ]"),
            ("jdbc:postgresql://db/shop?sslmode=sekret", "verify-full"),
            ("jdbc:postgresql://db/shop?loginTimeout=sekret", "seconds"),
            ("jdbc:postgresql://db/shop?ssl=true&sslfactory=sekret", "Java class"),
            ("jdbc:postgresql://db/shop?targetServerType=sekret", "primary"),
            ("jdbc:mysql://db/shop?password=sekret", "jdbc:postgresql://"),
            ("jdbc:sqlite:sekret", "jdbc:postgresql://"),
        ]
    )
    func refused(url: String, word: String) {
        for (target, origin) in [
            (ConnectionTarget(database: url), "--dbname"),
            (ConnectionTarget(environment: ["DATABASE_URL": url]), "DATABASE_URL"),
            (ConnectionTarget(environment: ["FLYWAY_URL": url]), "FLYWAY_URL"),
        ] {
            let error = #expect(throws: PostgresError.self) { try target.validate() }
            guard case .invalidConnectionString(let text) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(text.hasPrefix(origin))
            #expect(text.contains(word), "\(text)")
            #expect(!text.contains("sekret"), "\(text)")
        }
    }

    @Test("reaches the database, whatever its name and the role's are")
    func reaches() async throws {
        let role = uniqueRoleName("o'neil & \\ co=")
        let server = try await TestServer.any.running()
        let database = TestDatabase(uniqueRoleName("a b"), on: server)
        let connection = try TestDatabase(on: server).connect()
        try connection.execute("CREATE DATABASE \(connection.quoted(identifier: database.name))")
        try connection.execute("CREATE ROLE \(connection.quoted(identifier: role)) LOGIN")
        func encoded(_ text: String) -> String {
            text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let url =
            "jdbc:postgresql://\(encoded(database.target().host ?? "")):\(database.target().port ?? "")"
            + "/\(encoded(database.name))?user=\(encoded(role))&currentSchema=nothing"
        let question = "SELECT current_database(), session_user, current_setting('search_path')"
        let expected = [[database.name, role, "\"$user\", public"]]
        #expect(try Connection(to: ConnectionTarget(database: url)).execute(question) == expected)
        let byVariable = ConnectionTarget(environment: ["DATABASE_URL": url])
        #expect(try Connection(to: byVariable).execute(question) == expected)
    }

    @Test("of a Flyway callback brings its credentials along, and to no other server")
    func flyway() async throws {
        let role = uniqueRoleName("deploy")
        let other = uniqueRoleName("other")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(role) LOGIN; CREATE ROLE \(other) LOGIN"
        )
        let host = database.target().host?.replacing("/", with: "%2F") ?? ""
        let url = "jdbc:postgresql://\(host):\(database.target().port ?? "")/\(database.name)"
        let environment = ["FLYWAY_URL": url, "FLYWAY_USER": role, "FLYWAY_PASSWORD": "sekret"]
        func user(_ target: ConnectionTarget) throws -> String? {
            try Connection(to: target).execute("SELECT session_user")[0][0]
        }
        #expect(try user(ConnectionTarget(environment: environment)) == role)
        #expect(try user(ConnectionTarget(database: url, environment: environment)) == role)
        #expect(try user(ConnectionTarget(user: other, environment: environment)) == other)
        let elsewhere = ConnectionTarget(
            database: url + "?user=\(other)",
            environment: environment
        )
        #expect(try user(elsewhere) == other)
        #expect(Self.password(of: elsewhere) == nil)
        #expect(Self.password(of: ConnectionTarget(environment: environment)) == "sekret")
        let byOther = ConnectionTarget(user: other, environment: environment)
        #expect(Self.password(of: byOther) == nil)
    }

    /// The password that libpq is given.
    private static func password(of target: ConnectionTarget) -> String? {
        unsafe target.withParameters { names, values in
            var index = 0
            while let name = unsafe names[index] {
                if unsafe String(cString: name) == "password" {
                    return unsafe values[index].map { unsafe String(cString: $0) }
                }
                index += 1
            }
            return nil
        }
    }
}
