internal import Catalog
internal import Postgres

/// What a session says of itself: where it is, as whom, and what its role's settings have made of it.
struct SessionFacts: Sendable, Hashable {
    /// When the server started, to the microsecond: no two servers of one data set share that, and a
    /// pooler in between does not hide it.
    let serverStart: String
    let database: OID
    let sessionUser: String
    let currentUser: String
    /// The parameters that pgsmoke sets itself at the start of each trial.
    let settings: [String: String]

    private static let names = [
        "default_transaction_read_only", "lock_timeout", "statement_timeout", "transaction_timeout",
    ]

    /// Asks with qualified names alone, since a login's search path may lead anywhere.
    init(over connection: Connection) throws(PostgresError) {
        let values = Self.names.map { "pg_catalog.current_setting('\($0)', true)" }
        let rows = try connection.execute(
            """
            SELECT pg_catalog.encode(
                       pg_catalog.timestamptz_send(pg_catalog.pg_postmaster_start_time()), 'hex'),
                   d.oid, session_user, current_user, \(values.joined(separator: ", "))
              FROM pg_catalog.pg_database AS d
             WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
            """
        )
        guard let row = rows.first else { throw .connectionLost("the database is gone") }
        serverStart = row[0] ?? ""
        database = row[1].flatMap { OID($0) } ?? 0
        sessionUser = row[2] ?? ""
        currentUser = row[3] ?? ""
        let settings = zip(Self.names, row.dropFirst(4)).compactMap { name, value in
            value.map { (name, $0) }
        }
        self.settings = Dictionary(uniqueKeysWithValues: settings)
    }
}

extension LoginSettings {
    /// The settings that a login as a role must be given again in each trial: all others it has.
    init(of session: SessionFacts) {
        var values = session.settings
        if values["default_transaction_read_only"] == "off" {
            values["default_transaction_read_only"] = nil
        }
        if session.currentUser != session.sessionUser { values["role"] = session.currentUser }
        self.init(values: values)
    }
}
