package import Postgres
internal import Synchronization

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

    /// Whether the catalog is so large that it pays to open a connection to read it, as far as the
    /// server says.
    ///
    /// - Throws: `connectionLost`.
    package static func isLarge(over connection: Connection) throws(PostgresError) -> Bool {
        let size = "pg_catalog.pg_relation_size('pg_catalog.pg_attribute')"
        do throws(PostgresError) {
            return try connection.execute("SELECT \(size) > \(largeSize)") == [["t"]]
        } catch {
            guard case .server = error else { throw error }
            return false
        }
    }

    /// The size of `pg_attribute`, in bytes: that of some 500 tables of ten columns.
    private static let largeSize = 3 << 20

    /// Reads everything over two connections at once.
    ///
    /// The second one, which `connect` opens on its lane, takes over what the first one sees
    /// (`pg_export_snapshot`, manual, 9.28.5), and stays open. What it cannot do, or has not begun when
    /// the first one is done with its own share, the first one does: a pooler may have no more to lend.
    /// - Throws: `server` (55P03 if somebody took a lock in the middle), `connectionLost`.
    package static func read(
        from connection: Connection,
        besides second: Lane,
        connect: @escaping @Sendable () -> Connection?
    ) async throws(PostgresError) -> Snapshot {
        guard let name = try exportedName(over: connection) else {
            return try read(from: connection)
        }
        let share = Share()
        let other = Task(executorPreference: second) { () -> CatalogRows? in
            guard let other = connect(), CatalogRows.begin(seeing: name, over: other),
                share.take(), let rows = try? CatalogRows(secondShareOver: other)
            else { return nil }
            second.connection = other
            return rows
        }
        let own = Result { () throws(PostgresError) in
            try CatalogRows(firstShareOver: connection)
        }
        let theirs = share.take() ? nil : await other.value
        var rows = try own.get()
        if let theirs {
            rows.takeSecondShare(of: theirs)
        } else {
            try rows.readSecondShare(over: connection)
        }
        try connection.execute("COMMIT")
        return Snapshot(rows)
    }

    /// Begins a transaction whose view of the catalog others can take over, and returns its name; `nil`,
    /// and no transaction, if it is not to be had.
    private static func exportedName(over connection: Connection) throws(PostgresError) -> String? {
        let statements = [CatalogRows.begin, "SELECT pg_catalog.pg_export_snapshot()"]
        var name: String?
        do throws(PostgresError) {
            try connection.query(statements) { index, rows in
                if index == 1 { name = rows.text(0, 0) }
            }
        } catch {
            guard case .server = error else { throw error }
        }
        if name == nil { try connection.execute("ROLLBACK") }
        return name
    }
}

/// Work that whoever takes it first has.
private final class Share: Sendable {
    private let isTaken = Mutex(false)

    /// Whether it was there to be taken.
    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }
}
