internal import Postgres

/// Everything in a database that a run of pgsmoke must leave as it was, one fact a line.
package struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    /// The facts, sorted.
    package let facts: [String]

    package var description: String { facts.joined(separator: "\n") }

    /// Returns what this has and `other` has not, and the reverse, as a diff shows it.
    package func difference(from other: Fingerprint) -> [String] {
        let (own, others) = (Set(facts), Set(other.facts))
        let gone = other.facts.filter { !own.contains($0) }.map { "- \($0)" }
        return gone + facts.filter { !others.contains($0) }.map { "+ \($0)" }
    }
}

extension TestDatabase {
    /// Reads the state.
    ///
    /// Rows, sequences, owners and ACLs, temporary objects and locks of this database, and the
    /// roles that occur in it with their memberships and settings.
    package func fingerprint() throws -> Fingerprint {
        let connection = try connect()
        var facts: [String] = []
        func read(_ queries: [String]) throws {
            try connection.query(queries) { _, rows in
                facts += (0..<rows.count).compactMap { rows.text($0, 0) }
            }
        }
        try read(["SET search_path = pg_catalog", "SET lock_timeout = '10s'"])
        try read(catalogFacts)
        let contents = try connection.execute(contentQueries)
        let queries = contents.compactMap { $0[0] }
        if !queries.isEmpty { try read(queries) }
        return Fingerprint(facts: facts.sorted())
    }
}

/// Writes the query for each table's rows and for each sequence's state.
private let contentQueries = """
    SELECT CASE relkind
        WHEN 'S' THEN format(
            $$SELECT 'sequence %s: ' || (s.last_value, s.is_called, s.log_cnt) FROM %s s$$,
            replace(name, '''', ''''''), name)
        ELSE format(
            $$SELECT 'rows %s: ' || count(*) || ' ' || coalesce(md5(string_agg(
                t::text, E'\\n' ORDER BY t::text COLLATE "C")), '') FROM ONLY %s t$$,
            replace(name, '''', ''''''), name)
        END
    FROM (
        SELECT relkind, format('%I.%I', nspname, relname) AS name
        FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'm', 'S') AND \(isUserSchema)
    ) AS relation
    """

private let catalogFacts = [
    """
    SELECT format('%s %s.%I: owner %s, acl %s, persistence %s, row security %s', relkind, nspname,
        relname, relowner::regrole, relacl, relpersistence, (relrowsecurity, relforcerowsecurity))
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE \(isUserSchema) OR relpersistence = 't'
    """,
    """
    SELECT format('column %s.%I.%I: %s not null %s, acl %s', nspname, relname, attname,
        format_type(atttypid, atttypmod), attnotnull, attacl)
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE attnum > 0 AND NOT attisdropped AND \(isUserSchema)
    """,
    """
    SELECT format('sequence parameters %s: %s', seqrelid::regclass, to_jsonb(s) - 'seqrelid')
    FROM pg_sequence s
    """,
    """
    SELECT format('schema %I: owner %s, acl %s', nspname, nspowner::regrole, nspacl)
    FROM pg_namespace n WHERE nspname !~ '^pg_(toast|temp)'
    """,
    """
    SELECT format('routine %s: owner %s, acl %s, %s', p.oid::regprocedure, proowner::regrole, proacl,
        md5(prosrc))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE \(isUserSchema)
    """,
    """
    SELECT format('type %s: owner %s, acl %s', t.oid::regtype, typowner::regrole, typacl)
    FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE \(isUserSchema)
    """,
    """
    SELECT format('trigger %I on %s: %s', tgname, tgrelid::regclass, tgenabled) FROM pg_trigger
    WHERE NOT tgisinternal
    """,
    """
    SELECT format('constraint %s: %s', conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace WHERE \(isUserSchema)
    """,
    "SELECT format('rule %s', pg_get_ruledef(oid)) FROM pg_rewrite WHERE oid >= 16384",
    "SELECT format('policy %s', to_jsonb(p) - 'oid') FROM pg_policy p",
    "SELECT format('extension %I %s', extname, extversion) FROM pg_extension",
    "SELECT format('large object %s', to_jsonb(l)) FROM pg_largeobject_metadata l",
    "SELECT format('default privileges %s', to_jsonb(d) - 'oid') FROM pg_default_acl d",
    """
    SELECT format('database: owner %s, acl %s', datdba::regrole, datacl)
    FROM pg_database WHERE datname = current_database()
    """,
    """
    WITH RECURSIVE \(rolesHere)
    SELECT format('role %s', to_jsonb(r)) FROM pg_roles r JOIN here USING (oid)
    """,
    """
    WITH RECURSIVE \(rolesHere)
    SELECT format('membership of %s in %s: %s', member::regrole, roleid::regrole,
        to_jsonb(m) - 'oid' - 'member' - 'roleid' - 'grantor')
    FROM pg_auth_members m WHERE member IN (TABLE here)
    """,
    """
    WITH RECURSIVE \(rolesHere)
    SELECT format('settings of %s: %s', setrole::regrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        OR setdatabase = 0 AND (setrole = 0 OR setrole IN (TABLE here))
    """,
    """
    SELECT format('lock of another session: %s %s %s', mode, locktype, relation::regclass)
    FROM pg_locks JOIN pg_stat_activity a USING (pid)
    WHERE a.datname = current_database() AND a.backend_type = 'client backend'
        AND pid <> pg_backend_pid()
    """,
    """
    SELECT format('prepared transaction %s', gid) FROM pg_prepared_xacts
    WHERE database = current_database()
    """,
]

private let isUserSchema =
    "n.nspname NOT IN ('pg_catalog', 'information_schema') "
    + "AND n.nspname !~ '^pg_(toast|temp)'"

// The roles that own or may use something in this database, and those that they are members of or
// that are members of them: other tests make other roles on the same server meanwhile.
private let rolesHere = """
    here(oid) AS (
        SELECT refobjid FROM pg_shdepend
        WHERE refclassid = 'pg_authid'::regclass
            AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        UNION
        SELECT CASE WHEN m.roleid = h.oid THEN m.member ELSE m.roleid END
        FROM here h JOIN pg_auth_members m ON h.oid IN (m.roleid, m.member)
        WHERE h.oid >= 16384
    )
    """
