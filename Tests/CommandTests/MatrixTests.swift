import Foundation
import TestSupport
import Testing
import Trials

/// The matrix is what the server itself says, cell by cell.
struct MatrixTests {
    @Test("Every cell is what has_*_privilege says", arguments: TestServer.all)
    func agrees(server: TestServer) async throws {
        try await AccessFixture.with(server) { database in
            let roles = try database.rows("SELECT rolname FROM pg_roles").compactMap { $0[0] }
            let options = roles.flatMap { ["--role", $0] } + ["--format", "json"]
            let run = try await CommandRun.of(["matrix"] + database.options() + options)
            #expect(run.status == 0, "\(run.standardError)")
            let cells = try JSONDecoder().decode(Cells.self, from: Data(run.standardOutput.utf8))
                .cells
            let truth = try Truth(of: database, server.major)
            #expect(Set(cells.map(\.kind)) == truth.kinds)
            var compared = 0
            for cell in cells {
                guard let expected = truth.cells[cell.key] else {
                    // Up to 17 no function tells whether a large object may be written.
                    let isUntold = cell.kind == "large object" && cell.privilege == "UPDATE"
                    #expect(isUntold && server.major < 18, "\(cell)")
                    continue
                }
                #expect(cell.effective == expected, "\(cell)")
                compared += 1
            }
            #expect(compared == truth.cells.count)
            let answers = Set(cells.map(\.effective))
            #expect(answers == ["yes", "no", "set-role", "columns"])
        }
    }

    @Test("As if every membership inherited, no wall is left", arguments: TestServer.all)
    func asIfInherit(server: TestServer) async throws {
        try await AccessFixture.with(server) { database in
            let arguments = [
                "matrix", "--as-if-inherit", "--format", "csv", "--role", "noinherit_app",
                "--role", "below_wall", "--role", "root_member", "-t", "open.orders",
            ]
            let run = try await CommandRun.of(arguments + database.options())
            let lines = run.standardOutput.split(separator: "\n").map(String.init)
            #expect(lines.first == "role,kind,object,privilege,effective")
            #expect(lines.contains("noinherit_app,table,open.orders,INSERT,yes"))
            #expect(lines.contains("below_wall,table,open.orders,SELECT,yes"))
            #expect(lines.contains("below_wall,table,open.orders,UPDATE,no"))
            // A superuser's rights are never inherited.
            #expect(lines.contains("root_member,table,open.orders,UPDATE,set-role"))
        }
    }

    @Test("The table names each role and sort of object, and only what was asked for")
    func table() async throws {
        try await AccessFixture.with(TestServer.any) { database in
            let arguments = ["matrix", "--role", "app", "--role", "PUBLIC", "-n", "open"]
            let run = try await CommandRun.of(arguments + database.options())
            #expect(run.status == 0)
            #expect(run.standardError.contains("pgsmoke: exit 0"))
            let text = run.standardOutput
            #expect(text.contains("role app, tables and views\n"))
            #expect(text.contains("role public, sequences\n"))
            #expect(text.contains("open.columns_only.\"c d\""))
            #expect(!text.contains("closed"))
            #expect(!text.contains("functions"))
            let row = text.split(separator: "\n").first { $0.contains("open.columns_only ") }
            #expect(
                row?.split(separator: " ").prefix(4) == [
                    "open.columns_only", "columns", "columns", "columns",
                ]
            )
        }
    }

    @Test("An unknown role or a pattern that matches nothing is exit 64 and named")
    func misuse() async throws {
        let database = try await TestServer.any.makeDatabase()
        let role = try await CommandRun.of(["matrix", "--role", "nobody"] + database.options())
        #expect(role.status == 64)
        #expect(role.standardError.contains("'nobody' is no role"))
        let pattern = try await CommandRun.of(["matrix", "-t", "nothing"] + database.options())
        #expect(pattern.status == 64)
        #expect(pattern.standardOutput.isEmpty)
        let format = try await CommandRun.of(["matrix", "--format", "xml"] + database.options())
        #expect(format.status == 64)
    }
}

private struct Cells: Decodable {
    struct Cell: Decodable {
        let role: String
        let kind: String
        let object: String
        let privilege: String
        let effective: String

        var key: String { "\(role)|\(kind)|\(object)|\(privilege)" }
    }

    let cells: [Cell]
}

/// What the server answers for each cell, asked one by one.
private struct Truth {
    private(set) var cells: [String: String] = [:]
    private(set) var kinds: Set<String> = []

    init(of database: TestDatabase, _ major: Int) throws {
        try database.execute(Self.canOpen)
        for question in Self.questions(major) {
            for row in try database.rows(question.sql(major)) {
                let values = row.map { $0 ?? "" }
                let kind = ObjectKind(rawValue: values[1]) ?? .table
                let object = ObjectName(
                    kind: kind == .column ? .table : kind,
                    schema: row[2],
                    name: values[3]
                )
                let column = row[4].map { ".\(Identifier.displayed($0))" } ?? ""
                let key = "\(values[0])|\(values[1])|\(object.displayed)\(column)|\(values[5])"
                cells[key] = values[6]
                kinds.insert(values[1])
            }
        }
    }

    /// Up to 17 there is no `has_largeobject_privilege`: opening one for reading tells.
    private static let canOpen = """
        CREATE FUNCTION public.can_open(role name, object oid) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
            EXECUTE format('SET LOCAL ROLE %I', role);
            PERFORM lo_open(object, 262144);
            RESET ROLE;
            RETURN true;
        EXCEPTION WHEN insufficient_privilege THEN RETURN false;
        END $$
        """

    struct Question {
        /// `SELECT oid, kind, schema, name, column, attnum` of the objects.
        let objects: String
        let privileges: String
        /// Calls with the role's oid and name as `$r` and `$n`, the object as `o` and the privilege as
        /// `p`.
        let has: String
        var any = "false"

        func sql(_ major: Int) -> String {
            func call(_ text: String, _ role: String) -> String {
                text.replacing("$r", with: "\(role).oid").replacing("$n", with: "\(role).rolname")
            }
            let mode = major >= 16 ? "SET" : "MEMBER"
            return """
                SELECT r.rolname, o.kind, o.schema, o.name, o.col, p,
                       CASE WHEN \(call(has, "r")) THEN 'yes'
                            WHEN \(call(any, "r")) THEN 'columns'
                            WHEN EXISTS (SELECT FROM pg_roles g
                                          WHERE pg_has_role(r.oid, g.oid, '\(mode)')
                                            AND (\(call(has, "g")) OR \(call(any, "g"))))
                            THEN 'set-role' ELSE 'no' END
                  FROM pg_roles r, (\(objects)) AS o (oid, kind, schema, name, col, num),
                       unnest(string_to_array('\(privileges)', ',')) AS p
                """
        }
    }

    private static func questions(_ major: Int) -> [Question] {
        let ours = "n.nspname IN ('public', 'open', 'closed', 'Odd Schema')"
        let kind = """
            CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
                 WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END
            """
        let from = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE \(ours)"
        let tables = "SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER"
        var questions = [
            Question(
                objects: """
                    SELECT c.oid, \(kind), n.nspname, c.relname, NULL, 0 \(from)
                       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                    """,
                privileges: tables + (major >= 17 ? ",MAINTAIN" : ""),
                has: "has_table_privilege($r, o.oid, p)",
                any: """
                    (p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     AND has_any_column_privilege($r, o.oid,
                         CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN p
                              ELSE 'SELECT' END))
                    """
            ),
            Question(
                objects: """
                    SELECT c.oid, 'column', n.nspname, c.relname, a.attname, a.attnum
                      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      JOIN pg_attribute a ON a.attrelid = c.oid
                     WHERE \(ours) AND a.attnum > 0 AND a.attacl IS NOT NULL AND NOT a.attisdropped
                    """,
                privileges: "SELECT,INSERT,UPDATE,REFERENCES",
                has: "has_column_privilege($r, o.oid, o.num, p)"
            ),
            Question(
                objects: """
                    SELECT c.oid, 'sequence', n.nspname, c.relname, NULL, 0 \(from)
                       AND c.relkind = 'S'
                    """,
                privileges: "USAGE,SELECT,UPDATE",
                has: "has_sequence_privilege($r, o.oid, p)"
            ),
            Question(
                objects:
                    "SELECT oid, 'schema', NULL, n.nspname, NULL, 0 FROM pg_namespace n WHERE \(ours)",
                privileges: "CREATE,USAGE",
                has: "has_schema_privilege($r, o.oid, p)"
            ),
            Question(
                objects: """
                    SELECT oid, 'database', NULL, datname, NULL, 0 FROM pg_database
                     WHERE NOT datistemplate
                    """,
                privileges: "CREATE,CONNECT,TEMPORARY",
                has: "has_database_privilege($r, o.oid, p)"
            ),
            Question(
                objects: """
                    SELECT f.oid, CASE f.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
                           n.nspname, f.proname || '(' || oidvectortypes(f.proargtypes) || ')', NULL, 0
                      FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
                     WHERE \(ours) AND f.proname <> 'can_open'
                    """,
                privileges: "EXECUTE",
                has: "has_function_privilege($r, o.oid, p)"
            ),
            Question(
                objects: """
                    SELECT t.oid, CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, n.nspname,
                           t.typname, NULL, 0
                      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                      LEFT JOIN pg_class c ON c.oid = t.typrelid
                     WHERE \(ours) AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
                    """,
                privileges: "USAGE",
                has: "has_type_privilege($r, o.oid, p)"
            ),
            Question(
                objects:
                    "SELECT oid, 'language', NULL, lanname, NULL, 0 FROM pg_language WHERE lanpltrusted",
                privileges: "USAGE",
                has: "has_language_privilege($r, o.oid, p)"
            ),
            Question(
                objects: "SELECT oid, 'tablespace', NULL, spcname, NULL, 0 FROM pg_tablespace",
                privileges: "CREATE",
                has: "has_tablespace_privilege($r, o.oid, p)"
            ),
            Question(
                objects: """
                    SELECT oid, 'foreign data wrapper', NULL, fdwname, NULL, 0
                      FROM pg_foreign_data_wrapper
                    """,
                privileges: "USAGE",
                has: "has_foreign_data_wrapper_privilege($r, o.oid, p)"
            ),
            Question(
                objects:
                    "SELECT oid, 'foreign server', NULL, srvname, NULL, 0 FROM pg_foreign_server",
                privileges: "USAGE",
                has: "has_server_privilege($r, o.oid, p)"
            ),
            Question(
                objects:
                    "SELECT oid, 'large object', NULL, oid::text, NULL, 0 FROM pg_largeobject_metadata",
                privileges: major >= 18 ? "SELECT,UPDATE" : "SELECT",
                has: major >= 18
                    ? "has_largeobject_privilege($r, o.oid, p)" : "public.can_open($n, o.oid)"
            ),
        ]
        if major >= 15 {
            questions.append(
                Question(
                    objects:
                        "SELECT oid, 'parameter', NULL, parname, NULL, 0 FROM pg_parameter_acl",
                    privileges: "SET,ALTER SYSTEM",
                    has: "has_parameter_privilege($r, o.name, p)"
                )
            )
        }
        return questions
    }
}
