internal import Postgres

/// How many more connections the server would take from the connecting role.
struct ConnectionSlots: Sendable, Hashable {
    /// Those that are left, at least 0.
    let free: Int

    /// Counts what is open (manual, 20.3.1): superusers and, from 16, members of
    /// `pg_use_reserved_connections` may use what is kept for them, a role's CONNECTION LIMIT and the
    /// database's bind all others too.
    ///
    /// `nil` where the server does not say, as to a role that may not look.
    /// - Throws: `connectionLost`.
    init?(over connection: Connection) throws(PostgresError) {
        let reserved =
            connection.serverVersion >= 160_000
            ? " - pg_catalog.current_setting('reserved_connections')::pg_catalog.int4" : ""
        let query = """
            SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4
                   - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4\(reserved)
                   - pg_catalog.count(*) FILTER (WHERE a.backend_type = 'client backend'),
                   CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit
                        - pg_catalog.count(*) FILTER (WHERE a.usesysid = r.oid) END,
                   CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper THEN d.datconnlimit
                        - pg_catalog.count(*) FILTER (WHERE a.datid = d.oid) END
              FROM pg_catalog.pg_roles AS r
              JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
              LEFT JOIN pg_catalog.pg_stat_activity AS a ON true
             WHERE r.rolname = session_user
             GROUP BY r.rolconnlimit, r.rolsuper, d.datconnlimit
            """
        let rows: [[String?]]
        do throws(PostgresError) {
            rows = try connection.execute(query)
        } catch {
            guard case .server = error else { throw error }
            return nil
        }
        let limits = (rows.first ?? []).compactMap { $0.flatMap { Int($0) } }
        free = max(0, limits.min() ?? 0)
    }

    /// The connections to work with, the one that is there among them.
    func jobs(of asked: Int) -> Int { max(1, min(asked, free + 1)) }
}
