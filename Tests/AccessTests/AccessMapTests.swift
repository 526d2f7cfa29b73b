import Access
import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@Suite struct AccessMapTests {
    @Test(
        "Every privilege of every role is what the server says it is",
        arguments: TestServer.all
    )
    func agrees(server: TestServer) async throws {
        let prefix = uniqueRoleName("p")
        let database = try await server.makeDatabase(
            sql: Self.script(server.major).replacing("$", with: prefix)
        )
        try database.execute(
            """
            ALTER DATABASE \(database.name) OWNER TO \(prefix)_dba;
            REVOKE CONNECT ON DATABASE \(database.name) FROM PUBLIC;
            GRANT CONNECT ON DATABASE \(database.name) TO \(prefix)_g2;
            """
        )
        try compare(in: database, rolesNamed: "^(\(prefix)_|pg_)")
    }

    @Test(
        "An owner of the database that does not inherit is what the server says it is",
        arguments: TestServer.all
    )
    func ownerWithoutInheritance(server: TestServer) async throws {
        let prefix = uniqueRoleName("p")
        let database = try await server.makeDatabase(
            sql: """
                CREATE ROLE \(prefix)_dba NOINHERIT;
                CREATE ROLE \(prefix)_member;
                GRANT \(prefix)_dba TO \(prefix)_member;
                CREATE TABLE t (a integer);
                \(server.major >= 14 ? "GRANT SELECT ON t TO pg_database_owner;" : "")
                """
        )
        try database.execute("ALTER DATABASE \(database.name) OWNER TO \(prefix)_dba")
        try compare(in: database, rolesNamed: "^\(prefix)_")
    }

    @Test("A column of a materialized view can be granted alone")
    func materializedViewColumn() async throws {
        let role = uniqueRoleName("p")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(role);
                CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
                GRANT SELECT (a) ON m TO \(role);
                """
        )
        try compare(in: database, rolesNamed: "^\(role)$")
    }

    @Test("A name that no role has is nobody, and a role that is gone has its number")
    func goneRole() async throws {
        let snapshot = try await TestServer.any.makeDatabase(sql: "CREATE TABLE t ()").snapshot()
        let access = AccessMap(snapshot)
        let nobody = access.principal(4_000_000_000)
        let table = try #require(snapshot.orderedRelations.first)
        #expect(!nobody.isSuperuser)
        #expect(!access.has(nobody, .select, on: table))
        #expect(snapshot.roleName(4_000_000_000) == "4000000000")
    }

    /// Roles, with `$` for their common prefix, and objects that they are granted.
    private static func script(_ major: Int) -> String {
        var script = """
            CREATE ROLE $_app LOGIN;
            CREATE ROLE $_g1;
            CREATE ROLE $_g2;
            CREATE ROLE $_g3;
            CREATE ROLE $_noinherit LOGIN NOINHERIT;
            CREATE ROLE $_wall NOINHERIT;
            CREATE ROLE $_behind_wall LOGIN;
            CREATE ROLE $_owner;
            CREATE ROLE $_owner_member;
            CREATE ROLE $_bare_owner;
            CREATE ROLE $_dba;
            CREATE ROLE $_dba_member;
            CREATE ROLE $_super SUPERUSER;
            CREATE ROLE $_of_super;
            CREATE ROLE $_stranger LOGIN;
            GRANT $_g1 TO $_app, $_noinherit;
            GRANT $_g2 TO $_g1, $_wall;
            GRANT $_g3 TO $_g2;
            GRANT $_wall TO $_behind_wall;
            GRANT $_owner TO $_owner_member;
            GRANT $_dba TO $_dba_member;
            GRANT $_super TO $_of_super;
            CREATE SCHEMA open;
            CREATE SCHEMA closed AUTHORIZATION $_owner;
            GRANT USAGE ON SCHEMA open TO PUBLIC;
            GRANT CREATE ON SCHEMA open TO $_g3;
            CREATE TABLE open.t1 (a integer, b integer);
            CREATE TABLE open.t2 (a integer, b integer, gone integer);
            CREATE TABLE open.t3 (a integer);
            CREATE TABLE open.untouched (a integer);
            CREATE TABLE closed.owned (a integer);
            CREATE TABLE closed.bare (a integer);
            CREATE VIEW open.v AS SELECT * FROM open.t1;
            CREATE MATERIALIZED VIEW open.m AS SELECT * FROM open.t1;
            CREATE TABLE open.root (a integer) PARTITION BY LIST (a);
            CREATE SEQUENCE open.s1;
            CREATE SEQUENCE open.s2;
            CREATE SEQUENCE open.s3;
            CREATE SEQUENCE open.s4;
            ALTER TABLE closed.owned OWNER TO $_owner;
            ALTER TABLE closed.bare OWNER TO $_bare_owner;
            REVOKE ALL ON closed.bare FROM $_bare_owner;
            GRANT SELECT ON closed.bare TO $_bare_owner;
            GRANT INSERT, UPDATE ON open.t1 TO $_g3 WITH GRANT OPTION;
            GRANT SELECT ON open.t1 TO $_g1;
            GRANT DELETE, TRUNCATE, REFERENCES, TRIGGER ON open.t1 TO $_app, $_noinherit;
            GRANT INSERT (a), SELECT (b), UPDATE (a, b), INSERT (gone) ON open.t2 TO $_g2;
            GRANT REFERENCES (a) ON open.t2 TO PUBLIC;
            ALTER TABLE open.t2 DROP COLUMN gone;
            GRANT SELECT ON open.t3 TO PUBLIC;
            GRANT ALL ON open.v, open.root TO $_g3;
            GRANT SELECT ON open.m TO $_g2;
            GRANT USAGE ON SEQUENCE open.s1 TO $_g3;
            GRANT UPDATE ON SEQUENCE open.s2 TO $_g1;
            GRANT SELECT ON SEQUENCE open.s3 TO PUBLIC;
            CREATE FUNCTION open.f1() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION open.f2() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION open.f3() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            REVOKE EXECUTE ON FUNCTION open.f2(), open.f3() FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION open.f3() TO $_g2;
            CREATE TABLE open.calling (
                a integer DEFAULT open.f1(), b integer DEFAULT open.f2(),
                c integer DEFAULT open.f3()
            );

            """
        if major >= 14 {
            script += """
                CREATE ROLE $_reader;
                CREATE ROLE $_writer;
                CREATE ROLE $_reader_noinherit NOINHERIT;
                GRANT pg_read_all_data TO $_reader, $_reader_noinherit;
                GRANT pg_write_all_data TO $_writer;
                GRANT DELETE ON open.t3 TO pg_database_owner;

                """
        }
        if major >= 16 {
            script += """
                CREATE ROLE $_no_inherit;
                CREATE ROLE $_no_set;
                CREATE ROLE $_neither;
                CREATE ROLE $_only_admin;
                CREATE ROLE $_inherits_by_option NOINHERIT;
                CREATE ROLE $_below;
                GRANT $_g1 TO $_no_inherit WITH INHERIT FALSE;
                GRANT $_g1 TO $_no_set WITH SET FALSE;
                GRANT $_g1 TO $_neither WITH INHERIT FALSE, SET FALSE;
                GRANT $_g1 TO $_only_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
                GRANT $_g1 TO $_inherits_by_option WITH INHERIT TRUE;
                GRANT $_no_set TO $_below;

                """
        }
        if major >= 17 {
            script += """
                CREATE ROLE $_keeper;
                GRANT pg_maintain TO $_keeper;
                GRANT MAINTAIN ON open.t3 TO $_g1;

                """
        }
        return script
    }

    private func compare(in database: TestDatabase, rolesNamed pattern: String) throws {
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let questions = Questions(version: connection.serverVersion)
        var server: Set<String> = []
        try connection.query(questions.queries(rolesNamed: pattern)) { _, rows in
            for row in 0..<rows.count { server.insert(rows.text(row, 0) ?? "") }
        }
        let names = try connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ '\(pattern)'"
        )
        let roles = try names.map { try #require($0[0].flatMap { snapshot.rolesByName[$0] }) }
        let ours = questions.answers(of: AccessMap(snapshot), for: roles)
        #expect(server.count > roles.count)
        #expect(server.subtracting(ours).sorted() == [], "only the server says so")
        #expect(ours.subtracting(server).sorted() == [], "only the map says so")
    }
}

/// What can be asked of the server and of the map, each privilege that is held as one line.
private struct Questions {
    let version: Int

    private var tablePrivileges: [Privilege] {
        [.select, .insert, .update, .delete, .truncate, .references, .trigger]
            + (version >= 170_000 ? [.maintain] : [])
    }

    private let columnPrivileges: [Privilege] = [.select, .insert, .update, .references]
    private let sequencePrivileges: [Privilege] = [.usage, .select, .update]

    func queries(rolesNamed pattern: String) -> [String] {
        let roles = "(SELECT oid, rolname FROM pg_roles WHERE rolname ~ '\(pattern)') r"
        let relations = """
            (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname IN ('public', 'open', 'closed')) c
            """
        func list(_ privileges: [Privilege]) -> String {
            "unnest('{\(privileges.map(\.rawValue).joined(separator: ","))}'::text[]) p"
        }
        let tables = "\(relations) WHERE c.relkind IN ('r', 'p', 'v', 'm')"
        let schemas = "(SELECT * FROM pg_namespace WHERE nspname IN ('public', 'open', 'closed')) n"
        return [
            """
            SELECT concat_ws(' ', r.rolname, p, c.relname) FROM \(roles), \(list(tablePrivileges)),
                   \(tables) AND has_table_privilege(r.oid, c.oid, p)
            """,
            """
            SELECT concat_ws(' ', r.rolname, 'any', p, c.relname)
              FROM \(roles), \(list(columnPrivileges)),
                   \(tables) AND has_any_column_privilege(r.oid, c.oid, p)
            """,
            """
            SELECT concat_ws(' ', r.rolname, p, c.relname, a.attname)
              FROM \(roles), \(list(columnPrivileges)), \(relations)
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'p', 'v', 'm') AND has_column_privilege(r.oid, c.oid, a.attnum, p)
            """,
            """
            SELECT concat_ws(' ', r.rolname, p, c.relname)
              FROM \(roles), \(list(sequencePrivileges)), \(relations)
             WHERE c.relkind = 'S' AND has_sequence_privilege(r.oid, c.oid, p)
            """,
            """
            SELECT concat_ws(' ', r.rolname, 'nextval', c.relname) FROM \(roles), \(relations)
             WHERE c.relkind = 'S' AND has_sequence_privilege(r.oid, c.oid, 'USAGE, UPDATE')
            """,
            """
            SELECT concat_ws(' ', r.rolname, p, 'schema', n.nspname)
              FROM \(roles), \(list([.usage, .create])), \(schemas)
             WHERE has_schema_privilege(r.oid, n.oid, p)
            """,
            """
            SELECT concat_ws(' ', r.rolname, 'EXECUTE', f.proname) FROM \(roles), pg_proc f
             WHERE f.pronamespace = to_regnamespace('open')
               AND has_function_privilege(r.oid, f.oid, 'EXECUTE')
            """,
            """
            SELECT concat_ws(' ', r.rolname, 'CONNECT') FROM \(roles)
             WHERE has_database_privilege(r.oid, current_database(), 'CONNECT')
            """,
            """
            SELECT concat_ws(' ', r.rolname, 'SET', g.rolname) FROM \(roles), pg_roles g
             WHERE g.rolname ~ '\(pattern)'
               AND pg_has_role(r.oid, g.oid, '\(version >= 160_000 ? "SET" : "MEMBER")')
            """,
        ]
    }

    func answers(of access: AccessMap, for roles: [Role]) -> Set<String> {
        let snapshot = access.snapshot
        var held: Set<String> = []
        for role in roles {
            let principal = access.principal(role.oid)
            func note(_ isHeld: Bool, _ words: String...) {
                if isHeld { held.insert("\(role.name) \(words.joined(separator: " "))") }
            }
            for relation in snapshot.orderedRelations {
                let name = relation.name
                let isSequence = relation.kind == .sequence
                for privilege in isSequence ? sequencePrivileges : tablePrivileges {
                    note(access.has(principal, privilege, on: relation), privilege.rawValue, name)
                }
                if isSequence {
                    note(access.canAdvance(principal, relation), "nextval", name)
                    continue
                }
                for privilege in columnPrivileges {
                    let word = privilege.rawValue
                    note(access.hasAny(principal, privilege, on: relation), "any", word, name)
                    for column in snapshot.columns[relation.oid] ?? [] {
                        let isHeld = access.has(principal, privilege, on: column, of: relation)
                        note(isHeld, word, name, column.name)
                    }
                }
            }
            for schema in snapshot.schemas.values {
                for privilege in [Privilege.usage, .create] {
                    let isHeld = access.has(principal, privilege, on: schema)
                    note(isHeld, privilege.rawValue, "schema", schema.name)
                }
            }
            for routine in snapshot.routines.values where routine.schema == "open" {
                note(access.canExecute(principal, routine), "EXECUTE", routine.name)
            }
            note(access.canConnect(principal), "CONNECT")
            for group in roles where snapshot.canSetRole(role.oid, to: group.oid) {
                note(true, "SET", group.name)
            }
        }
        return held
    }
}

extension TestDatabase {
    func snapshot() throws -> Snapshot { try Snapshot.read(from: connect()) }
}
