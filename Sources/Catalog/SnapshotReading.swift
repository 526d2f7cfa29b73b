package import Postgres

extension Snapshot {
    /// How much of the catalog is read.
    package enum Scope: Sendable {
        case everything
        /// Roles, schemas, relations and the columns with grants of their own: who may do what, and not
        /// what a statement sets off.
        case privileges
    }

    /// How many catalog queries `read` sends.
    package static var queryCount: Int { CatalogRows.parts(of: .everything).count + 1 }

    /// Reads the catalog of the connected database in one round trip and one transaction.
    ///
    /// What lies outside the scope stays empty.
    /// The queries touch the catalogs alone, so a role without any grant can run them, and wait for
    /// nobody: what others hold locked is read without its deparsed expressions.
    /// - Throws: `server` (55P03 if somebody took a lock in the middle), `connectionLost`.
    package static func read(
        _ scope: Scope = .everything,
        from connection: Connection
    ) throws(PostgresError) -> Snapshot {
        Snapshot(try CatalogRows(scope, over: connection))
    }

    /// Reads everything over two connections at once where the catalog is large.
    ///
    /// The second one, which `connect` opens on its lane, takes over what the first one sees
    /// (`pg_export_snapshot`, manual, 9.28.5), and stays open; what it cannot do the first one does.
    /// - Throws: `server` (55P03 if somebody took a lock in the middle), `connectionLost`.
    package static func read(
        from connection: Connection,
        besides second: Lane,
        connect: @escaping @Sendable () -> Connection?
    ) async throws(PostgresError) -> Snapshot {
        guard let name = try exportedName(over: connection) else {
            return try read(from: connection)
        }
        let (own, theirs) = await withTaskGroup(of: CatalogRows?.self) { group in
            group.addTask(executorPreference: second) {
                second.connection = connect()
                guard let other = second.connection else { return nil }
                return try? CatalogRows(secondShareSeenAs: name, over: other)
            }
            let own = Result { () throws(PostgresError) in
                try CatalogRows(firstShareOver: connection)
            }
            return (own, await group.next() ?? nil)
        }
        var rows = try own.get()
        if let theirs {
            rows.takeSecondShare(of: theirs)
        } else {
            try rows.readSecondShare(over: connection)
        }
        try connection.execute("COMMIT")
        return Snapshot(rows)
    }

    /// Begins a transaction whose view of a large catalog others can take over, and returns its name;
    /// `nil`, and no transaction, if the catalog is small or the name is not to be had.
    private static func exportedName(over connection: Connection) throws(PostgresError) -> String? {
        var name: String?
        do throws(PostgresError) {
            try connection.query(
                [
                    CatalogRows.begin,
                    """
                    SELECT pg_catalog.pg_export_snapshot()
                     WHERE pg_catalog.pg_relation_size('pg_catalog.pg_attribute') > \(largeSize)
                    """,
                ]
            ) { index, rows in if index == 1, rows.count > 0 { name = rows.text(0, 0) } }
        } catch {
            guard case .server = error else { throw error }
        }
        if name == nil { try connection.execute("ROLLBACK") }
        return name
    }

    /// The size of `pg_attribute`, in bytes, from which it pays to open a connection for it: that of
    /// some 500 tables of ten columns.
    private static let largeSize = 3 << 20
}
