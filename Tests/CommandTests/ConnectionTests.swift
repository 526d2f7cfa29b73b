import Cluster
import Foundation
import TestSupport
import Testing

/// With no server that can be used, nothing looks like a pass, and the JUnit file is written.
struct ConnectionTests {
    /// Runs with `--junit` and returns the run and the file.
    private func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        interruption: Interruption? = nil
    ) async throws -> (CommandRun, xml: String) {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/report.xml"
            let command = try await CommandRun.of(
                arguments + ["--junit", file],
                environment: environment,
                interruption: interruption
            )
            let xml = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            return (command, xml)
        }
    }

    private func expectNoConnection(_ command: CommandRun, _ xml: String, status: Int32 = 2) {
        #expect(command.status == status, "\(command.standardError)")
        #expect(xml.contains("<testcase name=\"connect\" classname=\"pgsmoke.connect\""))
        #expect(xml.contains("type=\"pgsmoke.NoConnection\""))
        #expect(xml.contains("errors=\"1\""))
    }

    @Test(
        "No server is exit 2, with one error in the JUnit file",
        arguments: [
            ["-h", "/nonexistent"], ["-h", "127.0.0.1", "-p", "1"],
            ["-d", "postgresql://127.0.0.1:1/nothing"], ["-d", "host=127.0.0.1 port=1"],
        ]
    )
    func noServer(arguments: [String]) async throws {
        let (command, xml) = try await run(arguments)
        expectNoConnection(command, xml)
    }

    @Test("An unknown database is exit 2")
    func unknownDatabase() async throws {
        let server = try await TestServer.any.running()
        let database = TestDatabase("no_such_database", on: server)
        let (command, xml) = try await run(database.options())
        expectNoConnection(command, xml)
        #expect(xml.contains("no_such_database"))
    }

    @Test("A missing or wrong password is exit 2, says where to put it, and is shown nowhere")
    func passwords() async throws {
        let options = ServerOptions(accessRules: ["local all guarded scram-sha-256"])
        try await withServer(of: TestServer.any.binaries, options: options) { server in
            let database = TestDatabase(on: server)
            try database.execute("CREATE ROLE guarded LOGIN PASSWORD 'right-sekret'")
            let (none, noneXML) = try await run(database.options(as: "guarded"))
            expectNoConnection(none, noneXML)
            #expect(noneXML.contains(".pgpass"))
            let wrong = ["PGPASSWORD": "wrong-sekret"]
            let (command, xml) = try await run(database.options(as: "guarded"), environment: wrong)
            expectNoConnection(command, xml)
            let uri = "postgresql://guarded:wrong-sekret@/postgres?host=\(server.socketDirectory)"
            let (second, secondXML) = try await run(["-d", uri])
            expectNoConnection(second, secondXML)
            for text in [command, second].flatMap({ [$0.standardOutput, $0.standardError] })
                + [xml, secondXML]
            {
                #expect(!text.contains("sekret"))
            }
            let right = ["PGPASSWORD": "right-sekret"]
            let (allowed, _) = try await run(database.options(as: "guarded"), environment: right)
            #expect(allowed.status == 3, "\(allowed.standardOutput)")
        }
    }

    @Test(
        "A malformed connection string is exit 64 with one sentence that never shows a password",
        arguments: [
            "postgresql://user:sekret@host:port:5/x", "postgresql://user:sekret@[::1/x",
            "host=x password=sekret sekret", "postgresql://u:sekret@h/d?schema=public",
            "mysql://u:sekret@h/d", "postgresql+psycopg2://u:sekret@h/d", "dbname='sekret",
        ]
    )
    func malformed(text: String) async throws {
        let (command, xml) = try await run(["-d", text])
        expectNoConnection(command, xml, status: 64)
        let (byVariable, _) = try await run([], environment: ["DATABASE_URL": text])
        #expect(byVariable.status == 64)
        #expect((byVariable.standardOutput + byVariable.standardError).contains("DATABASE_URL"))
        for shown in [command, byVariable].flatMap({ [$0.standardOutput, $0.standardError] }) + [
            xml
        ] {
            #expect(!shown.contains("sekret"))
        }
    }

    @Test("DATABASE_URL serves if nothing else names a database; an option wins over it")
    func databaseURL() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(app) LOGIN; CREATE TABLE t (a int); GRANT INSERT ON t TO \(app);"
        )
        let host = database.server.socketDirectory
        let url =
            "postgresql://postgres@/\(database.name)?host=\(host)&port=\(database.server.port)"
        let environment = ["DATABASE_URL": url]
        let byURL = try await CommandRun.of(["--role", app], environment: environment)
        #expect(byURL.status == 0)
        let byOption = try await CommandRun.of(
            ["--role", app, "-d", "no_such_database", "-h", host, "-U", "postgres"],
            environment: environment
        )
        #expect(byOption.status == 2)
        #expect(byOption.standardOutput.contains("no_such_database"))
    }

    @Test("A service and a password file work as for psql")
    func serviceAndPasswordFile() async throws {
        let options = ServerOptions(accessRules: ["local all guarded scram-sha-256"])
        try await withServer(of: TestServer.any.binaries, options: options) { server in
            let database = TestDatabase(on: server)
            try database.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
            try await withTemporaryDirectory { directory in
                let service = "\(directory)/services"
                let passwords = "\(directory)/passwords"
                try "[shop]\nhost=\(server.socketDirectory)\nuser=guarded\ndbname=postgres\n"
                    .write(toFile: service, atomically: true, encoding: .utf8)
                try "*:*:*:guarded:right\n".write(
                    toFile: passwords,
                    atomically: true,
                    encoding: .utf8
                )
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600],
                    ofItemAtPath: passwords
                )
                let command = try await CommandRun.of(
                    [],
                    environment: [
                        "PGSERVICEFILE": service, "PGSERVICE": "shop", "PGPASSFILE": passwords,
                        "DATABASE_URL": "postgresql://127.0.0.1:1/ignored",
                    ]
                )
                #expect(command.status == 3, "\(command.standardOutput)\(command.standardError)")
            }
        }
    }

    @Test("A standby and a read-only database are told before any trial")
    func readOnly() async throws {
        let standby = ServerOptions(isStandby: true)
        try await withServer(of: TestServer.any.binaries, options: standby) { server in
            let (command, xml) = try await run(TestDatabase(on: server).options())
            expectNoConnection(command, xml)
            #expect(command.standardOutput.contains("standby"))
        }
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE ROLE \(app) LOGIN; CREATE TABLE t (a int); GRANT INSERT ON t TO \(app);"
        )
        try database.execute(
            "ALTER DATABASE \(database.name) SET default_transaction_read_only = on"
        )
        let (command, xml) = try await run(database.options())
        expectNoConnection(command, xml)
        #expect(command.standardOutput.contains("read only"))
    }

    @Test(
        "A server that is killed in the middle is exit 2: what was open is an error, the rest skipped"
    )
    func killedServer() async throws {
        try await withServer(of: TestServer.any.binaries) { server in
            let database = TestDatabase(on: server)
            try database.execute(
                """
                CREATE ROLE app LOGIN;
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
                CREATE TABLE a (id int NOT NULL);
                CREATE TABLE b (id int NOT NULL);
                CREATE TRIGGER slow BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION slow();
                CREATE TABLE c (id int NOT NULL);
                CREATE TRIGGER slow BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION slow();
                GRANT INSERT ON a, b, c TO app;
                """
            )
            let crash = Interruption(0) {
                guard try database.sleepers().count == 1 else { return false }
                server.crash()
                return true
            }
            let run = try await ReportedRun.of(
                database,
                ["--role", "app", "-j", "1"],
                interruption: crash
            )
            #expect(run.command.status == 2)
            #expect(run.report.trial("insert public.a as app")?.verdict == "passed")
            #expect(run.report.trial("insert public.b as app")?.type == "pgsmoke.ConnectionLost")
            #expect(run.report.trial("insert public.c as app")?.verdict == "skipped")
        }
    }

    @Test("A lane that lost its connection in the middle makes a new one and tries again")
    func reconnection() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app) LOGIN;
                CREATE TABLE control (was_killed bool);
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    IF NOT EXISTS (SELECT FROM public.control) THEN PERFORM pg_sleep(60); END IF;
                    RETURN NEW;
                END $$;
                CREATE TABLE a (id serial PRIMARY KEY);
                CREATE TABLE b (id serial PRIMARY KEY);
                CREATE TRIGGER slow BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION slow();
                CREATE TABLE c (id serial PRIMARY KEY);
                GRANT INSERT ON a, b, c TO \(app);
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO \(app);
                """
        )
        let kill = Interruption(0) {
            guard try !database.sleepers().isEmpty else { return false }
            try database.execute("INSERT INTO control VALUES (true)")
            try database.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event = 'PgSleep'
                """
            )
            return true
        }
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-j", "1", "--sequences", "consume", "-T", "control"],
            interruption: kill
        )
        #expect(run.report.trials.map(\.verdict) == ["passed", "passed", "passed"])
        #expect(run.command.status == 0)
    }
}
