import Foundation
import Postgres
import TestSupport
import Testing

/// What a settings file changes in a run.
struct SettingsRunTests {
    private func run(
        _ database: TestDatabase,
        _ text: String,
        _ arguments: [String] = [],
        as user: String? = nil
    ) async throws -> ReportedRun {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            return try await ReportedRun.of(database, ["-c", file] + arguments, as: user)
        }
    }

    private static let everywhere = [
        "billing.invoices", "billing.open_invoices", "public.\"Odd.Table\"", "public.events",
        "public.users", "public.users_archive",
    ]

    @Test(
        "The file's values and settings make rows that nothing else could",
        arguments: TestServer.all
    )
    func values(server: TestServer) async throws {
        let database = try await SettingsFixture.database(on: server)
        let before = try database.fingerprint()
        let run = try await run(
            database,
            """
            exclude: ["*_archive"]
            roles:
              settings_app: { settings: { app.tenant_id: "it's 42" } }
            tables:
              billing.invoices:
                values: { state: "'open'", note: "'INV-' || 1000 + 1", number: billing.next_number() }
              'public."Odd.Table"': { values: { Ünï: "$$it's$$ -- so", 'a "b': 1 } }
              users: { values: { tenant: "current_setting('app.tenant_id')" } }
            """
        )
        #expect(run.command.status == 0, "\(run.command.standardError)")
        #expect(run.report.counts["passed"] == 5)
        #expect(run.report.otherNotes == [])
        #expect(try database.fingerprint().difference(from: before) == [])
        #expect(
            run.report.leftOut.contains {
                $0.object.name == "users_archive" && $0.reason == "excluded"
            }
        )
    }

    @Test("A profile asks for all of its operations, and --operations narrows them")
    func profiles() async throws {
        let database = try await SettingsFixture.database()
        let text =
            "roles: { settings_app: { profile: writer }, settings_reader: { profile: reader } }"
        func names(_ options: [String]) async throws -> [String: [String]] {
            let trials = try await run(database, text, options).report.trials
            return Dictionary(grouping: trials, by: \.role).mapValues { $0.map(\.name) }
        }
        let inserts = try await names(["--operations", "insert"])
        #expect(
            inserts["settings_app"]?.filter { !$0.hasPrefix("future ") }
                == Self.everywhere.map { "insert \($0) as settings_app" }
        )
        #expect(
            inserts["settings_reader"]
                == Self.everywhere.map { "insert \($0) as settings_reader is denied" }
        )
        let all = try await names(["-t", "users"])
        #expect(
            all["settings_app"]?.filter { !$0.hasPrefix("future ") } == [
                "insert public.users as settings_app",
                "insert-returning public.users as settings_app",
                "select public.users as settings_app", "update public.users as settings_app",
                "delete public.users as settings_app",
                "truncate public.users as settings_app is denied",
                "drop public.users as settings_app is denied",
                "setval public.users_id_seq as settings_app is denied",
            ]
        )
        #expect(
            all["settings_reader"] == [
                "insert public.users as settings_reader is denied",
                "select public.users as settings_reader",
                "update public.users as settings_reader is denied",
                "delete public.users as settings_reader is denied",
                "truncate public.users as settings_reader is denied",
                "drop public.users as settings_reader is denied",
                "nextval public.users_id_seq as settings_reader is denied",
                "setval public.users_id_seq as settings_reader is denied",
            ]
        )
    }

    @Test("A pair that no rule covers fails as uncovered")
    func uncovered() async throws {
        let database = try await SettingsFixture.database()
        let run = try await run(
            database,
            """
            schemas: [public]
            exclude: ["*_archive", '"Odd.Table"']
            roles: { settings_app: { settings: { app.tenant_id: "42" } } }
            tables: { users: { allow: { settings_app: [insert] } } }
            """
        )
        #expect(run.command.status == 1)
        #expect(
            run.report.trials.map { "\($0.verdict) \($0.name) \($0.type ?? "")" } == [
                "passed insert public.users as settings_app ",
                "uncovered insert public.events as settings_app pgsmoke.Uncovered",
            ]
        )
        #expect(run.command.standardError.contains("exit 1: 1 uncovered"))
    }

    @Test("--role narrows the file's roles; one that the file does not know gets insert")
    func narrowing() async throws {
        let database = try await SettingsFixture.database()
        let other = uniqueRoleName("other")
        try database.execute("CREATE ROLE \(other) LOGIN; GRANT INSERT ON events TO \(other)")
        let text = """
            schemas: [public]
            roles: { settings_app: { operations: [insert] }, settings_reader: { profile: reader } }
            """
        let narrowed = try await run(
            database,
            text,
            ["--role", "settings_app", "--role", other, "-t", "events"]
        )
        #expect(
            narrowed.report.trials.map(\.name)
                == ["settings_app", other].map { "insert public.events as \($0)" }
        )
        #expect(narrowed.report.otherNotes == [])
        #expect(narrowed.command.status == 0)
        let unknown = try await CommandRun.of(
            database.options() + ["-c", "/dev/stdin", "--role", "no_such_role"]
        )
        #expect(unknown.status != 0)
    }

    @Test("Options come before the file: -n before schemas, -T before exclude")
    func optionsFirst() async throws {
        let database = try await SettingsFixture.database()
        let text = """
            schemas: [public]
            exclude: [events, '"Odd.Table"', "*_archive"]
            roles: { settings_app: { operations: [insert] } }
            """
        func tables(_ arguments: [String]) async throws -> [String] {
            try await run(database, text, arguments).report.trials.map {
                "\($0.object.schema ?? "").\($0.object.name)"
            }
        }
        #expect(try await tables([]) == ["public.users"])
        #expect(
            try await tables(["-n", "billing"]) == ["billing.invoices", "billing.open_invoices"]
        )
        #expect(
            try await tables(["-T", "users*"]) == ["public.Odd.Table", "public.events"]
        )
        #expect(try await tables(["-t", "u*"]) == ["public.users"])
    }

    @Test("Without roles in the file the grants tell who should be able to insert")
    func inferred() async throws {
        let database = try await SettingsFixture.database()
        let run = try await run(database, "exclude: [\"*_archive\", '\"Odd.Table\"']")
        #expect(Set(run.report.trials.map(\.role)).isSuperset(of: ["settings_app"]))
        #expect(
            !run.report.trials.contains {
                $0.role == "settings_reader" && !$0.name.hasPrefix("select ")
            }
        )
    }

    @Test(
        "A value that turns out wrong is an error that names file, line, table and column",
        arguments: [
            ("billing.invoices", "amount", "-1", "violates constraint invoices_amount_check"),
            ("billing.invoices", "note", "'x'", "violates constraint invoices_note_check"),
            ("billing.invoices", "amount", "10 ^ 9", "does not fit the column"),
            ("billing.invoices", "amount", "1 / (SELECT 0)", "cannot be computed as settings_app"),
            ("billing.invoices", "currency", "NULL", "is NULL, which the column does not take"),
            ("events", "kind", "repeat('x', 9)", "does not fit the column"),
            ("events", "day", "date '1999-01-01'", "leads to no partition"),
            ("users", "name", "(SELECT rolpassword FROM pg_authid LIMIT 1)", "cannot be computed"),
        ]
    )
    func wrongValue(table: String, column: String, expression: String, words: String) async throws {
        let database = try await SettingsFixture.database()
        let run = try await run(
            database,
            """
            roles:
              settings_app: { settings: { app.tenant_id: "42" } }
            tables:
              \(table):
                values:
                  \(column): "\(expression)"
            """,
            ["-t", table]
        )
        #expect(run.command.status == 2, "\(run.command.standardError)")
        let trial = try #require(run.report.trials.first)
        #expect(trial.verdict == "error")
        #expect(trial.type == "pgsmoke.InvalidStatement")
        #expect(trial.missing.isEmpty)
        let reason = trial.reason ?? ""
        #expect(reason.hasPrefix("the value of column \(column) ("), "\(reason)")
        let name = table.contains(".") ? table : "public.\(table)"
        #expect(reason.contains("pgsmoke.yml:6) of \(name) \(words)"), "\(reason)")
    }

    @Test("A missing privilege stays what it is, whatever values the file gives")
    func stillDenied() async throws {
        let database = try await SettingsFixture.database()
        try database.execute("REVOKE USAGE ON SEQUENCE users_id_seq FROM settings_app")
        let run = try await run(
            database,
            """
            roles: { settings_app: { settings: { app.tenant_id: "42" } } }
            tables: { users: { values: { name: "'x'" } } }
            """,
            ["-t", "users"]
        )
        let trial = try #require(run.report.trials.first)
        #expect(trial.verdict == "failed")
        #expect(trial.type == "pgsmoke.MissingSequencePrivilege")
    }

    @Test("What a profile denies fails where it is allowed, and passes where it is not")
    func denied() async throws {
        let reader = uniqueRoleName("reader")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(reader);
                CREATE TABLE closed (id serial PRIMARY KEY, v text NOT NULL);
                CREATE TABLE open (id serial PRIMARY KEY, v text NOT NULL);
                GRANT INSERT ON open TO \(reader);
                GRANT USAGE ON SEQUENCE open_id_seq TO \(reader);
                """
        )
        let run = try await run(
            database,
            "roles: { \(reader): { profile: reader } }",
            ["--operations", "insert"]
        )
        #expect(run.command.status == 1)
        let verdicts = run.report.trials.map { "\($0.name): \($0.verdict) \($0.type ?? "")" }
        #expect(
            verdicts == [
                "insert public.closed as \(reader) is denied: passed ",
                "insert public.open as \(reader) is denied: failed pgsmoke.UnexpectedlyAllowed",
            ]
        )
    }

    @Test("A row that refers to a parent for which the file has values is given such a parent")
    func parents() async throws {
        let database = try await SettingsFixture.database()
        try database.execute(
            """
            CREATE TABLE parent (code text PRIMARY KEY CHECK (code ~ '^P-[0-9]+$'));
            CREATE TABLE child (parent text NOT NULL REFERENCES parent);
            GRANT INSERT ON child TO settings_app;
            """
        )
        for code in ["'P-' || 12", "'P-' || floor(random() * 1e9)"] {
            let run = try await run(
                database,
                """
                roles: { settings_app: }
                tables: { parent: { values: { code: "\(code)" } } }
                """,
                ["-t", "child"]
            )
            #expect(run.report.trials.map(\.verdict) == ["passed"], "\(run.report.trials)")
        }
        // A key that the row itself is given has its parent put in place, too.
        let own = try await run(
            database,
            "{ roles: { settings_app: }, tables: { child: { values: { parent: \"'P-3'\" } } } }",
            ["-t", "child"]
        )
        #expect(own.report.trials.map(\.verdict) == ["passed"], "\(own.report.trials)")
    }

    @Test("A tester without superuser gets the same verdicts with the same file")
    func tester() async throws {
        let database = try await SettingsFixture.database()
        let tester = uniqueRoleName("tester")
        try database.execute(
            "CREATE ROLE \(tester) LOGIN; GRANT settings_app TO \(tester)"
        )
        let run = try await run(
            database,
            """
            schemas: [billing]
            roles: { settings_app: { settings: { search_path: billing } } }
            tables: { billing.invoices: { values: { number: next_number(), amount: 5 } } }
            """,
            ["--sequences", "consume"],
            as: tester
        )
        #expect(run.command.status == 0, "\(run.command.standardError)")
        #expect(run.report.counts["passed"] == 2)
    }

    @Test("A setting that only a superuser may make is told, and left out")
    func superuserOnly() async throws {
        let database = try await SettingsFixture.database()
        let tester = uniqueRoleName("tester")
        try database.execute("CREATE ROLE \(tester) LOGIN; GRANT settings_app TO \(tester)")
        let run = try await run(
            database,
            "roles: { settings_app: { settings: { session_replication_role: replica } } }",
            ["-t", "events"],
            as: tester
        )
        #expect(run.report.trials.map(\.verdict) == ["passed"])
        #expect(run.report.notes.contains { $0.contains("session_replication_role") })
    }

    @Test("The file of the working folder, or of one above it, is found and told")
    func found() async throws {
        let database = try await SettingsFixture.database()
        try await withTemporaryDirectory { folder in
            let below = "\(folder)/a/b"
            try FileManager.default.createDirectory(
                atPath: below,
                withIntermediateDirectories: true
            )
            try "schemas: [no_such]".write(
                toFile: "\(folder)/pgsmoke.yml",
                atomically: true,
                encoding: .utf8
            )
            for (place, shown) in [(folder, "pgsmoke.yml"), (below, "\(folder)/pgsmoke.yml")] {
                let command = try await CommandRun.of(database.options(), in: place)
                #expect(command.status == 78)
                #expect(command.standardError.contains("pgsmoke: settings from \(shown)\n"))
                #expect(command.standardError.contains("pgsmoke: \(shown):1: 'no_such'"))
            }
            let other = try await CommandRun.of(
                database.options() + ["-q", "-c", "\(folder)/other.yml"],
                in: folder
            )
            #expect(other.standardError.contains("\(folder)/other.yml: there is no such file"))
            try FileManager.default.createDirectory(
                atPath: "\(folder)/a/.git",
                withIntermediateDirectories: true
            )
            let stopped = try await CommandRun.of(
                database.options() + ["--role", "settings_app", "-t", "events"],
                in: below
            )
            #expect(stopped.status == 0)
        }
    }

    @Test("The file's connection is used where neither options nor environment say otherwise")
    func connection() async throws {
        let database = try await SettingsFixture.database()
        let target = database.target()
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            func status(
                _ lines: [String],
                _ arguments: [String] = [],
                _ environment: [String: String] = [:]
            ) async throws -> (Int32, String) {
                try "connection:\n  \(lines.joined(separator: "\n  "))\n".write(
                    toFile: file,
                    atomically: true,
                    encoding: .utf8
                )
                let command = try await CommandRun.of(
                    ["-q", "-c", file, "--role", "settings_app", "-t", "events"] + arguments,
                    environment: environment
                )
                return (command.status, command.standardError)
            }
            let right = [
                "host: ${SOCKET}", "port: \(target.port ?? "")", "user: \(target.user ?? "")",
                "dbname: ${NAME:-\(database.name)}", "password: ${PASSWORD}",
            ]
            let known = ["SOCKET": target.host ?? "", "PASSWORD": "s3cret"]
            #expect(try await status(right, [], known).0 == 0)
            // Each option and each variable of the environment comes before it.
            let wrong = ["host: /nowhere", "port: 1", "user: nobody", "dbname: nothing"]
            #expect(try await status(wrong, database.options()).0 == 0)
            #expect(
                try await status(
                    wrong,
                    [],
                    [
                        "PGHOST": target.host ?? "", "PGPORT": target.port ?? "",
                        "PGUSER": target.user ?? "", "PGDATABASE": database.name,
                    ]
                ).0 == 0
            )
            let uri =
                "postgresql://\(target.user ?? "")@/\(database.name)?host=\(target.host ?? "")"
                + "&port=\(target.port ?? "")"
            #expect(try await status(wrong, ["-d", uri]).0 == 0)
            #expect(try await status(wrong, [], ["DATABASE_URL": uri]).0 == 0)
            #expect(try await status(["dbname: \"\(uri)\""]).0 == 0)
            #expect(try await status(wrong).0 == 2)
            // A variable that is not set is told, and never taken for nothing.
            let unset = try await status(right, [], ["SOCKET": target.host ?? ""])
            #expect(unset.0 == 78)
            #expect(unset.1.contains("\(file):6: the environment variable PASSWORD"))
            // A secret of the environment's never shows, not even where it leads nowhere.
            let lost = try await status(["host: /nowhere", "password: ${PASSWORD}"], [], known)
            #expect(lost.0 == 2)
            #expect(!lost.1.contains("s3cret"))
        }
    }

    @Test("The worst names pass through the file as through everything else")
    func hostileNames() async throws {
        let database = try await SettingsFixture.database()
        let fixture = SettingsFixture.folder.appending(path: "good/hostile-names.yml")
        let run = try await ReportedRun.of(
            database,
            [
                "-c", fixture.path(percentEncoded: false), "-t", "\"Odd.Table\"", "--operations",
                "insert",
            ]
        )
        #expect(run.report.trials.map(\.role) == ["settings \"odd' role"])
        #expect(run.report.trials.map(\.verdict) == ["passed"], "\(run.report.trials)")
    }

    @Test("Every good file is read, and ends with no code of a mistake")
    func goodFiles() async throws {
        let database = try await SettingsFixture.database()
        for fixture in SettingsFixture.all("good") where fixture.name != "service.yml" {
            let command = try await CommandRun.of(
                database.options() + ["-q", "-c", fixture.path],
                environment: ["SETTINGS_PASSWORD": "x"]
            )
            #expect([0, 1, 3].contains(command.status), "\(fixture): \(command.standardError)")
        }
    }
}
