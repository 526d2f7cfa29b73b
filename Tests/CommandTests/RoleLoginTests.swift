import Cluster
import Foundation
import Postgres
import TestSupport
import Testing

/// Trials over a real login, `connect:` in the settings file.
@Suite(.serialized) struct RoleLoginTests {
    private static let secret = "right ' sekret"

    /// A shop, and roles that each differ in how far a login or SET ROLE gets.
    private static let shop = """
        CREATE ROLE shop_owner;
        CREATE ROLE app LOGIN PASSWORD 'right '' sekret';
        CREATE ROLE pathless LOGIN;
        CREATE ROLE pathful LOGIN;
        CREATE ROLE nologin;
        CREATE ROLE shut_out LOGIN;
        CREATE ROLE limited LOGIN CONNECTION LIMIT 0;
        CREATE ROLE single LOGIN CONNECTION LIMIT 1;
        CREATE ROLE tester LOGIN;
        CREATE DATABASE shop;
        CREATE DATABASE other;
        REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
        GRANT CONNECT ON DATABASE shop
            TO app, pathless, pathful, nologin, limited, single, tester;
        """

    private static let tables = """
        CREATE SCHEMA books AUTHORIZATION shop_owner;
        SET ROLE shop_owner;
        CREATE TABLE books.audit (what text);
        CREATE FUNCTION books.note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit (what) VALUES (session_user); RETURN NEW; END $$;
        CREATE TABLE books.t (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
        CREATE TRIGGER note AFTER INSERT ON books.t FOR EACH ROW EXECUTE FUNCTION books.note();
        CREATE TABLE books.sold (id serial PRIMARY KEY, t int NOT NULL REFERENCES books.t);
        CREATE TABLE books.closed (id serial PRIMARY KEY);
        GRANT USAGE ON SCHEMA books TO PUBLIC;
        GRANT INSERT ON ALL TABLES IN SCHEMA books TO PUBLIC;
        GRANT USAGE ON SEQUENCE books.t_id_seq, books.sold_id_seq TO PUBLIC;
        RESET ROLE;
        ALTER ROLE app SET search_path = books;
        ALTER ROLE pathful SET search_path = books;
        """

    /// Starts a server on which `app` needs its password, and lends the shop's database.
    private func withShop(
        _ server: TestServer = .any,
        _ body: (TestDatabase) async throws -> Void
    ) async throws {
        let options = ServerOptions(
            accessRules: ["local all app scram-sha-256", "local all barred reject"]
        )
        try await withServer(of: server.binaries, options: options) { server in
            let main = TestDatabase(on: server)
            for statement in Self.shop.split(separator: ";\n") {
                try main.execute(String(statement))
            }
            let shop = TestDatabase("shop", on: server)
            try shop.execute(Self.tables)
            try await body(shop)
        }
    }

    private func run(
        _ database: TestDatabase,
        _ roles: String,
        _ arguments: [String] = [],
        as user: String? = nil,
        through pooler: Pooler? = nil,
        _ environment: [String: String] = [:]
    ) async throws -> (report: Report, command: CommandRun) {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try "roles:\n\(roles)\n".write(toFile: file, atomically: true, encoding: .utf8)
            let options = pooler?.options(database, as: user) ?? database.options(as: user)
            let command = try await CommandRun.of(
                options + ["-c", file, "--json", "-"] + arguments,
                environment: environment
            )
            let said = command.standardOutput + command.standardError
            #expect(!said.contains("sekret"), "\(said)")
            let data = Data(command.standardOutput.utf8)
            guard !data.isEmpty else { throw Silence(text: command.standardError) }
            return (try JSONDecoder().decode(Report.self, from: data), command)
        }
    }

    private struct Silence: Error { let text: String }

    private func verdicts(_ report: Report) -> [String] {
        report.trials.map { "\($0.name): \($0.verdict) \($0.type ?? "")" }
    }

    private static let insert = "operations: [insert]"

    @Test(
        "A login shows what SET ROLE cannot, and each obstacle is one case with its cure",
        arguments: TestServer.all
    )
    func obstacles(server: TestServer) async throws {
        try await withShop(server) { database in
            let before = try database.fingerprint()
            let roles = """
                  app: { \(Self.insert), connect: { password: "${APP_PASSWORD}" } }
                  pathless: { \(Self.insert), connect: {} }
                  pathful: { \(Self.insert), connect: "user=pathful" }
                  nologin: { \(Self.insert), connect: {} }
                  shut_out: { \(Self.insert), connect: {} }
                  limited: { \(Self.insert), connect: {} }
                """
            let (report, command) = try await run(
                database,
                roles,
                ["-t", "books.t"],
                ["APP_PASSWORD": Self.secret]
            )
            #expect(
                verdicts(report) == [
                    "connect limited: error pgsmoke.NoConnection",
                    "connect nologin: error pgsmoke.NoConnection",
                    "connect shut_out: error pgsmoke.NoConnection",
                    "insert books.t as app: passed ",
                    "insert books.t as pathless: failed pgsmoke.BrokenTrigger",
                    "insert books.t as pathful: passed ",
                ]
            )
            #expect(command.status == 2)
            #expect(command.standardError.contains("exit 2: 3 cases could not be tried"))
            for (role, words, cure) in [
                ("limited", "CONNECTION LIMIT 0;", "ALTER ROLE limited CONNECTION LIMIT -1"),
                ("nologin", "NOLOGIN;", "ALTER ROLE nologin LOGIN"),
                (
                    "shut_out", "no CONNECT on the database shop;",
                    "GRANT CONNECT ON DATABASE shop TO shut_out"
                ),
            ] {
                let trial = try #require(report.trial("connect \(role)"))
                #expect(trial.role == role && trial.object.kind == "role")
                #expect(trial.reason?.hasPrefix(words) == true, "\(trial.reason ?? "")")
                #expect(trial.message?.contains("FATAL") == true)
                #expect(trial.cure.map(\.sql) == [cure])
                #expect(trial.cure.first?.proven == false)
            }
            #expect(report.trial("connect shut_out")?.missing.map(\.privilege) == ["CONNECT"])
            let logins = report.logins.map { "\($0.role): \($0.canLogIn) \($0.why)" }
            #expect(logins.contains("app: true logged in as app"))
            #expect(logins.contains("shut_out: false no CONNECT on the database shop"))
            #expect(report.notes == [])
            // SET ROLE can be all of them, and says once what it leaves untried.
            let (setRole, _) = try await run(
                database,
                roles.replacing(#/, connect.*/#, with: " }"),
                ["-t", "books.t"]
            )
            #expect(setRole.trials.count == 6)
            #expect(!setRole.trials.contains { $0.verdict == "error" })
            #expect(setRole.notes.count { $0.contains("pg_hba.conf") } == 1)
            #expect(try difference(database, before, in: setRole, report) == [])
        }
    }

    /// What is not as it was, but for the values that the reports admit.
    private func difference(
        _ database: TestDatabase,
        _ before: Fingerprint,
        in reports: Report...
    ) throws -> [String] {
        let consumed = reports.flatMap(\.sequencesConsumed).map(\.sequence.name)
        return try database.fingerprint().difference(from: before).filter { change in
            !consumed.contains { change.contains("sequence books.\($0):") }
        }
    }

    @Test("A wrong password, none, and a line of pg_hba.conf are told as the server tells them")
    func refusals() async throws {
        try await withShop { database in
            try database.execute(
                "CREATE ROLE barred LOGIN; GRANT CONNECT ON DATABASE shop TO barred"
            )
            func refusal(_ role: String, _ connect: String) async throws -> Report.Trial? {
                let (report, command) = try await run(
                    database,
                    "  \(role): { \(Self.insert), connect: \(connect) }\n  pathful: { \(Self.insert) }",
                    ["-t", "books.t"],
                    // It is the other connection's.
                    ["PGPASSWORD": Self.secret, "WRONG": "wrong-sekret"]
                )
                #expect(command.status == 2)
                #expect(report.trial("insert books.t as pathful")?.verdict == "passed")
                return report.trial("connect \(role)")
            }
            let wrong = try await refusal("app", "{ password: \"${WRONG}\" }")
            #expect(wrong?.message?.contains("password authentication failed") == true)
            #expect(wrong?.reason?.contains("see its password, pg_hba.conf") == true)
            #expect(wrong?.cure.isEmpty == true)
            let none = try await refusal("app", "{}")
            #expect(none?.reason?.hasPrefix("no password was given for it") == true)
            let barred = try await refusal("barred", "{}")
            #expect(barred?.message?.contains("pg_hba.conf") == true)
            let away = try await refusal("app", "\"host=/nonexistent dbname=shop\"")
            #expect(away?.reason?.contains("no server answers where 'connect'") == true)
        }
    }

    @Test(
        "A login works where the tester may not SET ROLE, and its cures stay unproven with the reason"
    )
    func withoutMembership() async throws {
        try await withShop { database in
            let before = try database.fingerprint()
            let (report, command) = try await run(
                database,
                """
                  pathful: { \(Self.insert), connect: {} }
                  pathless: { \(Self.insert) }
                """,
                ["-n", "books", "-T", "audit", "--future"],
                as: "tester"
            )
            #expect(command.status == 2)
            #expect(
                verdicts(report) == [
                    "set-role pathless: error pgsmoke.SetRole",
                    "insert books.closed as pathful: failed pgsmoke.MissingSequencePrivilege",
                    "insert books.sold as pathful: passed ",
                    "insert books.t as pathful: passed ",
                ]
            )
            let closed = try #require(report.trial("insert books.closed as pathful"))
            #expect(
                closed.cure.map(\.sql) == ["GRANT USAGE ON SEQUENCE books.closed_id_seq TO pathful"]
            )
            #expect(closed.cure.first?.runBy == "shop_owner")
            #expect(closed.cure.first?.proven == false)
            #expect(closed.cure.first?.why?.contains("GRANT pathful TO tester") == true)
            #expect(closed.recurs?.cure.first?.proven == false)
            // The parent is put in place by the role itself, and what is drawn is counted.
            let consumed = report.sequencesConsumed.map { "\($0.sequence.name) \($0.values)" }
            let last = try database.rows(
                "SELECT format('sold_id_seq %s', last_value) FROM books.sold_id_seq"
            )
            #expect(consumed.contains(last[0][0] ?? ""), "\(consumed)")
            #expect(!report.notes.contains { $0.contains("sequences' owners") })
            #expect(try difference(database, before, in: report) == [])
        }
    }

    @Test("With membership the cure is proven by SET ROLE", arguments: TestServer.all)
    func proofs(server: TestServer) async throws {
        try await withShop(server) { database in
            let before = try database.fingerprint()
            let (report, command) = try await run(
                database,
                "  pathful: { \(Self.insert), connect: {} }",
                ["-t", "books.closed"]
            )
            #expect(command.status == 1)
            let closed = try #require(report.trials.first)
            #expect(
                closed.cure.map(\.sql) == ["GRANT USAGE ON SEQUENCE books.closed_id_seq TO pathful"]
            )
            #expect(closed.cure.first?.proven == true)
            #expect(closed.recurs?.cure.compactMap(\.why) == [])
            #expect(try difference(database, before, in: report) == [])
        }
    }

    @Test("A trigger that climbs back is the tester under SET ROLE, and the role after a login")
    func climbing() async throws {
        try await withShop { database in
            try database.execute(
                """
                CREATE TABLE books.hidden (v text);
                CREATE FUNCTION books.climb() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RESET ROLE; INSERT INTO books.hidden VALUES (session_user); RETURN NEW; END $$;
                CREATE TABLE books.climbed (id int);
                CREATE TRIGGER climb BEFORE INSERT ON books.climbed
                    FOR EACH ROW EXECUTE FUNCTION books.climb();
                GRANT INSERT ON books.climbed TO pathful;
                """
            )
            let arguments = ["-t", "books.climbed"]
            let (setRole, _) = try await run(database, "  pathful: { \(Self.insert) }", arguments)
            #expect(setRole.trials.map(\.verdict) == ["inconclusive"])
            let roles = "  pathful: { \(Self.insert), connect: {} }"
            let (login, _) = try await run(database, roles, arguments)
            #expect(login.trials.map(\.verdict) == ["failed"])
            #expect(login.trials.first?.missing.map(\.name) == ["hidden"])
            try database.execute("GRANT INSERT ON books.hidden TO pathful")
            let (granted, _) = try await run(database, roles, arguments)
            #expect(granted.trials.map(\.verdict) == ["passed"])
        }
    }

    @Test(
        "Another server, database or user is told; settings that turn one role into another are not"
    )
    func elsewhere() async throws {
        try await withShop { database in
            try database.execute(
                """
                GRANT CONNECT ON DATABASE shop TO PUBLIC;
                CREATE ROLE group_role;
                CREATE ROLE entry LOGIN;
                GRANT group_role TO entry;
                ALTER ROLE entry SET role = group_role;
                CREATE ROLE migrator LOGIN;
                GRANT shop_owner TO migrator;
                ALTER ROLE migrator SET role = shop_owner;
                ALTER ROLE entry IN DATABASE shop SET search_path = books;
                ALTER ROLE migrator IN DATABASE shop SET search_path = books;
                """
            )
            let stranger = try await TestServer.any.running()
            let (report, _) = try await run(
                database,
                """
                  pathful: { \(Self.insert), connect: "dbname=other" }
                  pathless: { \(Self.insert), connect: "user=entry" }
                  single:
                    \(Self.insert)
                    connect: "host=\(stranger.socketDirectory) port=\(stranger.port) user=postgres dbname=postgres"
                  group_role: { \(Self.insert), connect: "user=entry" }
                  migrator: { \(Self.insert), connect: {} }
                """,
                ["-t", "books.t"]
            )
            func reason(_ role: String) -> String { report.trial("connect \(role)")?.reason ?? "" }
            #expect(
                reason("pathful").contains("pgsmoke.yml:2) leads to another database than shop")
            )
            #expect(reason("pathless").contains("logs in as entry and not as pathless"))
            #expect(reason("single").contains("leads to another server"))
            #expect(report.trial("insert books.t as group_role")?.verdict == "passed")
            #expect(report.trial("insert books.t as migrator")?.verdict == "passed")
            #expect(
                report.logins.contains { $0.role == "group_role" && $0.why == "logged in as entry" }
            )
        }
    }

    @Test("A role that is allowed one connection is tried over it; one that has none left is told")
    func connectionLimit() async throws {
        try await withShop { database in
            try database.execute("ALTER ROLE single SET search_path = books")
            let roles = "  single: { \(Self.insert), connect: {} }"
            let (free, _) = try await run(database, roles, ["-t", "books.t", "-j", "4"])
            #expect(free.trials.map(\.verdict) == ["passed"])
            let other = try database.connect(as: "single")
            let (full, command) = try await run(database, roles, ["-t", "books.t"])
            #expect(try other.execute("SELECT 1") == [["1"]])
            #expect(command.status == 2)
            let trial = try #require(full.trials.first)
            #expect(trial.reason?.hasPrefix("CONNECTION LIMIT 1, which are in use") == true)
            #expect(trial.cure.map(\.sql) == ["ALTER ROLE single CONNECTION LIMIT 2"])
        }
    }

    @Test("What only the tester's environment has does not come along")
    func environment() async throws {
        try await withShop { database in
            let environment = [
                "PGOPTIONS": "-c search_path=books", "APP": "dbname=shop user=pathless",
            ]
            let roles = "  pathless: { \(Self.insert), connect: APP }"
            let (report, _) = try await run(database, roles, ["-t", "books.t"], environment)
            #expect(report.trials.map(\.type) == ["pgsmoke.BrokenTrigger"])
            // What the file sets comes on top, as by SET ROLE.
            let (set, _) = try await run(
                database,
                "  pathless: { \(Self.insert), connect: APP, settings: { search_path: books } }",
                ["-t", "books.t"],
                environment
            )
            #expect(set.trials.map(\.verdict) == ["passed"])
        }
    }

    @Test(
        "A variable may say nothing if its own default allows that: SET ROLE is used then, and said"
    )
    func noLogin() async throws {
        try await withShop { database in
            let roles = "  pathful: { \(Self.insert), connect: \"${APP_URL:-}\" }"
            let (report, _) = try await run(database, roles, ["-t", "books.t"])
            #expect(report.trials.map(\.verdict) == ["passed"])
            #expect(report.notes.contains { $0.contains("pg_hba.conf") })
            // Where the role is not tried, nobody asks for its variable.
            let (narrowed, _) = try await run(
                database,
                "  app: { \(Self.insert), connect: APP_URL }\n  pathful: { \(Self.insert) }",
                ["-t", "books.t", "--role", "pathful"]
            )
            #expect(narrowed.trials.map(\.verdict) == ["passed"])
        }
    }

    @Test(
        "Every operation comes to the same over a login and by SET ROLE, allowed and denied",
        arguments: TestServer.all
    )
    func operations(server: TestServer) async throws {
        try await withShop(server) { database in
            try database.execute(
                """
                CREATE ROLE reader LOGIN;
                ALTER DATABASE shop SET search_path = books, public;
                GRANT CONNECT ON DATABASE shop TO reader;
                ALTER ROLE reader SET search_path = books;
                REVOKE ALL ON ALL TABLES IN SCHEMA books FROM PUBLIC;
                REVOKE ALL ON ALL SEQUENCES IN SCHEMA books FROM PUBLIC;
                CREATE SEQUENCE books.numbers;
                CREATE VIEW books.names AS SELECT id, name FROM books.t;
                CREATE TABLE books.tenants (id int PRIMARY KEY, v text NOT NULL);
                ALTER TABLE books.tenants ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own ON books.tenants USING (session_user = 'pathful');
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA books TO pathful;
                GRANT SELECT ON ALL TABLES IN SCHEMA books TO reader;
                GRANT TRUNCATE ON books.t TO reader;
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA books TO pathful;
                """
            )
            let before = try database.fingerprint()
            func roles(_ connect: String) -> String {
                """
                  pathful: { profile: writer, operations: \(Self.operations)\(connect) }
                  reader: { profile: reader\(connect) }
                """
            }
            let (login, _) = try await run(database, roles(", connect: {}"), ["-T", "tenants"])
            let (setRole, _) = try await run(database, roles(""), ["-T", "tenants"])
            #expect(login.trials.count > 60)
            let differing = Set(verdicts(login)).symmetricDifference(verdicts(setRole))
            #expect(differing == [], "\(login.trials.filter { $0.verdict != "passed" })")
            #expect(
                login.trials.filter { $0.verdict == "failed" && !$0.name.hasPrefix("future") }
                    .map(\.name) == ["truncate books.t as reader is denied"]
            )
            // Where policies ask who has logged in, only a login can show it.
            let arguments = ["-t", "tenants", "--operations", "insert,update,delete"]
            let (own, _) = try await run(database, roles(", connect: {}"), arguments)
            #expect(verdicts(own).filter { !$0.contains(": passed") } == [])
            let (others, _) = try await run(database, roles(""), arguments)
            #expect(others.trials.contains { $0.type == "pgsmoke.RowSecurity" })
            #expect(try difference(database, before, in: login, setRole, own) == [])
        }
    }

    private static let operations =
        "[insert, insert-returning, upsert, copy, select, select-for-update, update, delete, nextval,"
        + " currval]"

    @Test("Under preserve a sequence that the login does not own is an error before the trial")
    func preserve() async throws {
        try await withShop { database in
            let before = try database.fingerprint()
            let (report, command) = try await run(
                database,
                "  pathful: { \(Self.insert), connect: {} }",
                ["-t", "books.t", "--sequences", "preserve"]
            )
            #expect(command.status == 2)
            #expect(report.trials.first?.reason?.contains("over the login of pathful") == true)
            #expect(try database.fingerprint().difference(from: before) == [])
        }
    }

    @Test("A role that owns what it writes to shields its sequences itself")
    func ownerShields() async throws {
        try await withShop { database in
            try database.execute(
                """
                ALTER ROLE shop_owner LOGIN; ALTER ROLE shop_owner SET search_path = books;
                GRANT CONNECT ON DATABASE shop TO shop_owner;
                """
            )
            let before = try database.fingerprint()
            let (report, command) = try await run(
                database,
                "  shop_owner: { \(Self.insert), connect: {} }",
                ["-n", "books", "--sequences", "preserve"]
            )
            #expect(command.status == 0, "\(verdicts(report))")
            #expect(report.sequencesConsumed.isEmpty)
            #expect(try database.fingerprint().difference(from: before) == [])
        }
    }

    @Test(
        "Rows are looked for by whoever sees more, so a role that may only insert is tried as well"
    )
    func insertOnly() async throws {
        try await withShop { database in
            try database.execute(
                """
                CREATE TABLE books.hard (
                    code text PRIMARY KEY CHECK (code ~ '^[A-C]$'),
                    low int NOT NULL, high int NOT NULL, CHECK (low > 41 AND high = low * 2 + 1));
                INSERT INTO books.hard VALUES ('A', 42, 85), ('B', 42, 85);
                GRANT INSERT ON books.hard TO pathful;
                """
            )
            let (report, _) = try await run(
                database,
                "  pathful: { \(Self.insert), connect: {} }",
                ["-t", "books.hard"]
            )
            #expect(report.trials.map(\.verdict) == ["passed"], "\(report.trials)")
        }
    }

    @Test("Hostile names log in as they are, and through every form of connection string")
    func hostileNames() async throws {
        try await withShop { database in
            let name = #"it's "a\b" role"#
            let quoted = #""it's ""a\b"" role""#
            try database.execute(
                """
                CREATE ROLE \(quoted) LOGIN;
                GRANT CONNECT ON DATABASE shop TO \(quoted);
                ALTER ROLE \(quoted) SET search_path = books;
                """
            )
            let (host, port) = (database.server.socketDirectory, database.server.port)
            let urls = [
                "user='it\\'s \"a\\\\b\" role'", "dbname=shop",
                "postgresql://it%27s%20%22a%5Cb%22%20role@/shop?host=\(host)&port=\(port)",
            ]
            for url in urls {
                let (report, _) = try await run(
                    database,
                    "  '\(name.replacing("'", with: "''"))': { \(Self.insert), connect: URL }",
                    ["-t", "books.t"],
                    ["URL": url]
                )
                #expect(report.trials.map(\.verdict) == ["passed"], "\(url) \(verdicts(report))")
            }
        }
    }

    @Test("The plan shows what ran over a login as comments, and psql runs none of it")
    func plan() async throws {
        try await withShop { database in
            try await withTemporaryDirectory { folder in
                let file = "\(folder)/pgsmoke.yml"
                let roles = """
                    roles:
                      nologin: { \(Self.insert), connect: {} }
                      pathful: { \(Self.insert), connect: {} }
                    """
                try roles.write(toFile: file, atomically: true, encoding: .utf8)
                let plan = try await CommandRun.of(
                    ["plan"] + database.options() + ["-c", file, "-t", "books.t"]
                )
                let lines = plan.standardOutput.split(separator: "\n").map(String.init)
                let start = try #require(
                    lines.firstIndex(of: "-- trial: insert books.t as pathful")
                )
                #expect(lines.contains("-- trial: connect nologin"))
                #expect(lines[start...].contains("-- over a real login as pathful:"))
                #expect(
                    lines[start...].contains { $0.hasPrefix("--   INSERT INTO \"books\".\"t\"") }
                )
                #expect(lines[start...].allSatisfy { $0.hasPrefix("--") })
            }
        }
    }

    @Test(
        "SIGKILL in the middle of a login's trial leaves nothing behind",
        arguments: [SIGTERM, SIGKILL]
    )
    func interrupted(signal: Int32) async throws {
        try await withShop { database in
            try database.execute(
                """
                CREATE FUNCTION books.slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;
                CREATE TABLE books.slow (id int NOT NULL, t int NOT NULL);
                CREATE TRIGGER slow AFTER INSERT ON books.slow
                    FOR EACH ROW EXECUTE FUNCTION books.slow();
                GRANT INSERT ON books.slow TO pathful;
                """
            )
            let before = try database.fingerprint()
            let isSleeping = Interruption(signal) { try database.sleepers() == ["pathful"] }
            try await withTemporaryDirectory { folder in
                let file = "\(folder)/pgsmoke.yml"
                try "roles: { pathful: { \(Self.insert), connect: {} } }"
                    .write(toFile: file, atomically: true, encoding: .utf8)
                let command = try await CommandRun.of(
                    database.options() + ["-c", file, "-t", "books.slow"],
                    interruption: isSleeping
                )
                #expect(command.status == 128 + signal)
            }
            try database.endOtherSessions()
            #expect(try database.fingerprint().difference(from: before) == [])
        }
    }

    @Test(
        "Through a pooler in transaction mode the login is the same",
        .enabled(if: Pooler.program != nil, "pgbouncer is needed")
    )
    func pooler() async throws {
        try await withShop { database in
            try await withPooler(before: database.server) { pooler in
                let before = try database.fingerprint()
                let roles = """
                      pathful: { \(Self.insert), connect: {} }
                      pathless: { \(Self.insert), connect: {} }
                      single: { \(Self.insert), connect: "host=\(database.server.socketDirectory) dbname=shop" }
                    """
                let (report, _) = try await run(
                    database,
                    roles,
                    ["-t", "books.t"],
                    through: pooler
                )
                #expect(
                    verdicts(report) == [
                        "insert books.t as pathful: passed ",
                        "insert books.t as pathless: failed pgsmoke.BrokenTrigger",
                        "insert books.t as single: failed pgsmoke.BrokenTrigger",
                    ]
                )
                #expect(try difference(database, before, in: report) == [])
            }
        }
    }
}
