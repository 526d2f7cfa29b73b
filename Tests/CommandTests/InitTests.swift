import Cluster
import Foundation
import TestSupport
import Testing

/// `pgsmoke init`, and the run right after it.
@Suite struct InitTests {
    private struct Start {
        let command: CommandRun
        let text: String
        /// The run with the file that was written.
        let run: ReportedRun

        func isPassed(_ name: String) -> Bool { run.report.trial(name)?.verdict == "passed" }

        var failures: [String] {
            run.report.trials.filter { $0.verdict != "passed" }.map { "\($0.verdict) \($0.name)" }
        }
    }

    private func start(
        _ database: TestDatabase,
        _ arguments: [String] = [],
        as user: String? = nil
    ) async throws -> Start {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/start.yml"
            let command = try await CommandRun.of(
                ["init"] + database.options(as: user) + ["-c", file] + arguments
            )
            #expect(command.status == 0, "\(command.standardError)")
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let run = try await ReportedRun.of(database, ["-c", file], as: user)
            #expect(![64, 78].contains(run.command.status), "\(run.command.standardError)\(text)")
            return Start(command: command, text: text, run: run)
        }
    }

    /// A server of its own, on which roles can have any name.
    private func withDatabase(
        on server: TestServer = .any,
        _ script: String,
        body: (TestDatabase) async throws -> Void
    ) async throws {
        try await withServer(of: server.binaries) { running in
            try await body(running.makeDatabase(sql: script))
        }
    }

    private static let shop = """
        CREATE ROLE owner; CREATE ROLE app LOGIN; CREATE ROLE readonly LOGIN;
        CREATE ROLE deploy LOGIN IN ROLE owner; CREATE ROLE idle LOGIN;
        CREATE SCHEMA shop AUTHORIZATION owner;
        SET ROLE owner;
        CREATE TABLE shop.users (id serial PRIMARY KEY, name text NOT NULL);
        CREATE TABLE shop.orders (id bigserial PRIMARY KEY, user_id int REFERENCES shop.users);
        CREATE TABLE shop.audit (id bigint GENERATED ALWAYS AS IDENTITY, what text);
        CREATE VIEW shop.names AS SELECT name FROM shop.users;
        GRANT USAGE ON SCHEMA shop TO app, readonly;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO app;
        GRANT SELECT ON ALL TABLES IN SCHEMA shop TO readonly;
        REVOKE UPDATE, DELETE ON shop.audit FROM app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT, INSERT ON TABLES TO app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE ON SEQUENCES TO app;
        RESET ROLE;
        """

    @Test("The classic separation is a line for each role", arguments: TestServer.all)
    func separation(server: TestServer) async throws {
        try await withDatabase(on: server, Self.shop) { database in
            let start = try await start(database)
            #expect(start.failures == [])
            #expect(start.run.command.status == 0)
            let roles = try #require(start.text.firstRange(of: "\nroles:\n"))
            #expect(
                String(start.text[roles.lowerBound...]) == """

                    roles:
                      app: { profile: writer }
                      deploy: { profile: migrator }
                      readonly: { profile: reader }

                    tables:
                      # app: no UPDATE, DELETE
                      shop.audit:
                        deny: { app: [update, delete] }

                    """
            )
            #expect(start.text.contains("#   \(database.server.superuser): a superuser"))
            #expect(start.text.contains("#   idle: holds no more here than everybody"))
            #expect(start.text.contains("database \(database.name) "))
            #expect(!start.text.contains(database.server.socketDirectory))
            #expect(start.command.standardError.contains("speaks of 3 roles"))
            #expect(start.command.standardOutput.isEmpty)
        }
    }

    @Test("What is broken fails in the run right after, and nothing else does")
    func broken() async throws {
        let script =
            Self.shop + """
                REVOKE USAGE ON SEQUENCE shop.orders_id_seq FROM app;
                CREATE SCHEMA closed; CREATE TABLE closed.t (n int PRIMARY KEY);
                GRANT SELECT ON closed.t TO readonly;
                """
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(
                start.failures == [
                    "failed insert shop.orders as app",
                    "failed insert-returning shop.orders as app",
                    "failed select closed.t as readonly",
                ]
            )
            let types = start.run.report.trials.compactMap(\.type)
            #expect(
                Set(types) == [
                    "pgsmoke.MissingSequencePrivilege", "pgsmoke.MissingSchemaPrivilege",
                ]
            )
        }
    }

    @Test("What is too wide stands in the file with a comment")
    func wide() async throws {
        let script =
            Self.shop + """
                GRANT TRUNCATE ON shop.users TO app; GRANT UPDATE ON SEQUENCE shop.users_id_seq TO app;
                GRANT ALL ON shop.audit TO PUBLIC;
                """
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(start.failures == [])
            #expect(
                start.text.contains(
                    """
                      # app: TRUNCATE, more than a writer needs (see pgsmoke lint)
                      shop.users:
                        allow: { app: [truncate] }
                      # app: UPDATE (setval), more than a writer needs (see pgsmoke lint)
                      shop.users_id_seq:
                        allow: { app: [setval] }
                    """
                ),
                "\(start.text)"
            )
            #expect(start.isPassed("truncate shop.users as app"))
            #expect(start.isPassed("truncate shop.orders as app is denied"))
        }
    }

    @Test("Tables of which the same is true share an entry, and sixty of them few lines")
    func manyTables() async throws {
        let script = """
            CREATE ROLE app LOGIN; CREATE ROLE few LOGIN;
            DO $$ BEGIN FOR i IN 1..60 LOOP
                EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, n int)', i);
            END LOOP; END $$;
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO app;
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app;
            GRANT DELETE ON t1, t2 TO app; GRANT SELECT ON t3, t4, t5 TO few;
            """
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(start.failures == [])
            #expect(
                start.text.contains(
                    """
                      app:
                        profile: writer
                        # DELETE on 2 of 60 tables
                        deny: [delete]
                    """
                ),
                "\(start.text)"
            )
            #expect(start.text.contains("  \"public.(t1|t2)\":\n    allow: { app: [delete] }\n"))
            #expect(start.text.contains("  # few on these 3: SELECT\n  \"public.(t3|t4|t5)\":"))
            #expect(start.text.split(separator: "\n").count < 45, "\(start.text)")
        }
    }

    @Test("Without any default privileges the next migration is not tried, and the file says so")
    func future() async throws {
        let script =
            Self.shop + """
                CREATE ROLE other LOGIN; GRANT USAGE ON SCHEMA shop TO other;
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO other;
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO other;
                ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA shop
                    REVOKE USAGE ON SEQUENCES FROM app;
                """
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(start.failures == ["failed future shop by owner as app"])
            #expect(start.text.contains("  other:\n    profile: writer\n    # no default priv"))
            #expect(start.text.contains("    future: false\n"))
            #expect(start.text.contains("  app: { profile: writer }\n"))
        }
    }

    @Test("Policies: a value for what they read, and a denial where none lets a row through")
    func policies() async throws {
        let script = """
            CREATE ROLE app LOGIN;
            CREATE TABLE a (id serial PRIMARY KEY, tenant int NOT NULL);
            CREATE TABLE b (id serial PRIMARY KEY, tenant uuid NOT NULL);
            CREATE TABLE closed (id serial PRIMARY KEY);
            CREATE TABLE seen (id serial PRIMARY KEY);
            CREATE TABLE claimed (id serial PRIMARY KEY, who text NOT NULL);
            ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE b ENABLE ROW LEVEL SECURITY;
            ALTER TABLE closed ENABLE ROW LEVEL SECURITY; ALTER TABLE seen ENABLE ROW LEVEL SECURITY;
            ALTER TABLE claimed ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON a USING (tenant = current_setting('app.tenant', true)::int);
            CREATE POLICY p ON b
                USING (tenant = NULLIF(current_setting('app.uuid', true), '')::uuid);
            CREATE POLICY p ON seen FOR SELECT USING (true);
            CREATE POLICY p ON claimed
                USING (who = (current_setting('app.claims')::json ->> 'sub'));
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app;
            """
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(start.run.command.status == 0)
            #expect(start.failures.allSatisfy { $0.hasPrefix("inconclusive ") })
            #expect(start.failures.allSatisfy { $0.contains(" public.claimed ") })
            #expect(
                start.text.contains(
                    """
                        settings:
                          app.tenant: "1"
                          app.uuid: "00000000-0000-0000-0000-000000000001"
                        #   app.claims: "…"
                    """
                ),
                "\(start.text)"
            )
            #expect(
                start.isPassed("insert public.a as app") && start.isPassed("select public.b as app")
            )
            #expect(start.isPassed("select public.closed as app is denied"))
            #expect(start.isPassed("select public.seen as app"))
            #expect(start.isPassed("insert public.seen as app is denied"))
        }
    }

    @Test("Hostile names of roles, schemas and tables survive, and each entry means its own table")
    func hostileNames() async throws {
        let names = [
            "yes", "null", "1.0", "~", "a: b #c", "q\"u'o\\", "*star", "emo😀ji", "{x}", "é",
            "e\u{301}", "\"\u{301}", "new\nli\u{1B}ne", " lead", "a.b", "A_b", "a_b", "t?", "x|y",
            "(x)", "$a^", "Täble",
        ]
        var script = """
            CREATE SCHEMA "S*"; CREATE SCHEMA s; CREATE TABLE s.t (n int PRIMARY KEY);
            """
        func quoted(_ name: String) -> String {
            "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
        }
        for (index, name) in names.enumerated() {
            let role = quoted(name)
            script += """
                CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA "S*", s TO \(role);
                GRANT SELECT ON s.t TO \(role);
                CREATE TABLE "S*".\(role) (n int PRIMARY KEY);
                GRANT SELECT\(index % 2 == 0 ? ", INSERT" : "") ON "S*".\(role) TO \(role);
                """
        }
        try await withDatabase(script) { database in
            let start = try await start(database)
            #expect(start.failures == [])
            #expect(start.run.command.status == 0)
            // The one that no key of a mapping can stand for beside its twin.
            #expect(start.text.contains("differs from another role in Unicode's form alone, "))
            let roles = Set(start.run.report.trials.map { Array($0.role.utf8) })
            #expect(roles.count == names.count - 1)
        }
    }

    @Test("Options narrow the file, and the run after it")
    func narrowing() async throws {
        let script =
            Self.shop + """
                CREATE SCHEMA other; CREATE TABLE other.t (n int PRIMARY KEY);
                GRANT USAGE ON SCHEMA other TO app; GRANT SELECT ON other.t TO app;
                """
        try await withDatabase(script) { database in
            let schema = try await start(database, ["-n", "shop", "-T", "audit", "--role", "app"])
            #expect(schema.failures == [])
            #expect(
                schema.text.hasSuffix(
                    """
                    schemas: [shop]

                    exclude: [audit]

                    roles:
                      app: { profile: writer }

                    """
                ),
                "\(schema.text)"
            )
            #expect(schema.run.report.trials.allSatisfy { $0.object.schema != "other" })
            let without = try await start(database, ["-N", "other", "-q"])
            #expect(without.failures == [])
            #expect(without.text.contains("exclude: [\"other.*\"]"))
            #expect(!without.command.standardError.contains("speaks of"))
            let table = try await start(database, ["-t", "shop.o*"])
            #expect(table.text.contains("-t 'shop.o*'\n"))
            #expect(table.text.contains("  app: { profile: writer }"))
        }
    }

    @Test("A file that is there is never overwritten, whatever it is")
    func overwriting() async throws {
        let database = try await TestServer.any.makeDatabase(sql: "CREATE TABLE t ()")
        try await withTemporaryDirectory { folder in
            func run(_ arguments: [String]) async throws -> CommandRun {
                try await CommandRun.of(["init"] + database.options() + arguments, in: folder)
            }
            for name in ["pgsmoke.yml", "pgsmoke.yaml"] {
                let path = "\(folder)/\(name)"
                try "kept".write(toFile: path, atomically: true, encoding: .utf8)
                let refused = try await run([])
                #expect(refused.status == 64)
                #expect(
                    refused.standardError.hasPrefix(
                        "pgsmoke: '\(name)' is there already and is not overwritten; name another "
                            + "file with -c, --config, or - for stdout\n"
                    )
                )
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "kept")
                try FileManager.default.removeItem(atPath: path)
            }
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/link.yml",
                withDestinationPath: "nowhere"
            )
            #expect(try await run(["-c", "link.yml"]).status == 64)
            #expect(try await run(["-c", folder]).status == 64)
            let unwritable = try await run(["-c", "no/such/folder.yml"])
            #expect(unwritable.status == 64)
            #expect(unwritable.standardError.contains("cannot write"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["link.yml"])
        }
    }

    @Test(
        "- is stdout; pgsmoke.yml is the default; nothing is left behind where nothing is written"
    )
    func places() async throws {
        try await withDatabase(Self.shop) { database in
            try await withTemporaryDirectory { folder in
                func run(_ arguments: [String]) async throws -> CommandRun {
                    try await CommandRun.of(["init"] + arguments, in: folder)
                }
                let before = try database.fingerprint()
                let printed = try await run(database.options() + ["-c", "-"])
                #expect(try database.fingerprint().difference(from: before) == [])
                #expect(printed.status == 0 && printed.standardOutput.contains("\nroles:\n"))
                #expect(try await run(["-h", "/nowhere", "-d", "x"]).status == 2)
                #expect(try await run(database.options() + ["--role", "nobody"]).status == 64)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
                let written = try await run(database.options())
                #expect(written.status == 0)
                #expect(written.standardError.contains("then try it: pgsmoke run\n"))
                let text = try String(
                    contentsOfFile: "\(folder)/pgsmoke.yml",
                    encoding: .utf8
                )
                #expect(text == printed.standardOutput)
                let run = try await CommandRun.of(["run"] + database.options(), in: folder)
                #expect(run.status == 0)
            }
        }
    }

    @Test("Where nobody holds anything nothing is written; a role that is named is written down")
    func nobody() async throws {
        try await withDatabase("CREATE ROLE app LOGIN; CREATE TABLE t (n int)") { database in
            let command = try await CommandRun.of(["init"] + database.options() + ["-c", "-"])
            #expect(command.status == 3)
            #expect(command.standardOutput.isEmpty)
            #expect(command.standardError.contains("nothing was written"))
            let start = try await start(database, ["--role", "app"])
            #expect(start.failures == [])
            #expect(start.text.contains("    # no SELECT\n    deny: [select]"), "\(start.text)")
        }
    }

    @Test("A tester who may not become a role reads in the file what would change that")
    func plainTester() async throws {
        let script =
            Self.shop + """
                CREATE ROLE tester LOGIN NOINHERIT; GRANT app TO tester;
                """
        try await withDatabase(script) { database in
            let start = try await start(database, as: "tester")
            #expect(
                start.text.contains(
                    "# not tried unless the connecting role may become it: GRANT readonly TO tester;"
                )
            )
            #expect(start.run.report.trial("set-role readonly")?.verdict == "error")
            #expect(start.isPassed("insert shop.users as app"))
        }
    }
}
