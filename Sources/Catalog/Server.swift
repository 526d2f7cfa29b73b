internal import Postgres

/// What there is to know of the server, the database and the session before any trial.
package struct Server: Sendable, Hashable, CatalogRow {
    /// `server_version_num`: 150004 for 15.4.
    package let version: Int
    /// `server_version`, for readers.
    package let versionText: String
    package let databaseOID: OID
    package let database: String
    package let databaseOwner: OID
    /// The database's ACL, or the default one.
    package let databaseACL: String
    /// The role that connected.
    package let user: String
    package let isInRecovery: Bool
    /// Whether transactions of this database are read only, unless a role's setting says otherwise.
    package let isReadOnly: Bool
    /// Whether `pg_stat_statements` is loaded and this role may switch it off for itself.
    package let canSilenceStatistics: Bool
    /// Whether DDL, such as the shield of a sequence, sets off code of the user's.
    package let hasEventTriggers: Bool
    /// Whether this role may switch triggers and foreign keys off for itself.
    package let canSwitchTriggersOff: Bool
    /// `shared_buffers`, in bytes.
    package let sharedBuffers: Int
    /// How many locks all sessions can hold together (`max_locks_per_transaction`, manual, 20.12).
    package let lockSlots: Int

    /// The major version: 15 for 15.4.
    package var major: Int { version / 10_000 }

    static func query(on version: Int) -> String {
        """
        SELECT current_setting('server_version_num'), current_setting('server_version'),
               d.oid, d.datname, d.datdba,
               array_to_string(coalesce(d.datacl, acldefault('d', d.datdba)), E'\\n'),
               session_user, pg_is_in_recovery(),
               (SELECT s.setting = 'on'
                       AND s.source NOT IN ('user', 'database user', 'client', 'session')
                  FROM pg_settings s WHERE s.name = 'default_transaction_read_only'),
               current_setting('pg_stat_statements.track', true) IS NOT NULL
               AND \(version >= 150_000
            ? "has_parameter_privilege('pg_stat_statements.track', 'SET')"
            : "(SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"),
               EXISTS (SELECT FROM pg_event_trigger WHERE evtenabled IN ('O', 'A')),
               \(version >= 150_000
            ? "has_parameter_privilege('session_replication_role', 'SET')"
            : "(SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"),
               pg_size_bytes(current_setting('shared_buffers')),
               current_setting('max_locks_per_transaction')::bigint
               * (current_setting('max_connections')::bigint
                  + current_setting('max_prepared_transactions')::bigint)
          FROM pg_database d
         WHERE d.datname = current_database()
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        version = rows.integer(row, 0)
        versionText = rows.string(row, 1)
        databaseOID = rows.oid(row, 2)
        database = rows.string(row, 3)
        databaseOwner = rows.oid(row, 4)
        databaseACL = rows.string(row, 5)
        user = rows.string(row, 6)
        isInRecovery = rows.isTrue(row, 7)
        isReadOnly = rows.isTrue(row, 8)
        canSilenceStatistics = rows.isTrue(row, 9)
        hasEventTriggers = rows.isTrue(row, 10)
        canSwitchTriggersOff = rows.isTrue(row, 11)
        sharedBuffers = rows.integer(row, 12)
        lockSlots = rows.integer(row, 13)
    }
}
