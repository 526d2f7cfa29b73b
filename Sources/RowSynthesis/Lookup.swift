package import Catalog
package import Postgres
internal import Trials

/// Questions to the server about rows and bounds, each in a short transaction that changes nothing.
package struct Lookup {
    /// As whom a relation is read.
    package enum Reader: Sendable, Hashable {
        case connectingRole
        case role(String)
        case nobody
    }

    package let snapshot: Snapshot
    package let connection: Connection
    /// Who may read a relation.
    package let reader: (Relation) -> Reader

    package init(
        _ snapshot: Snapshot,
        with connection: Connection,
        reader: @escaping (Relation) -> Reader
    ) {
        self.snapshot = snapshot
        self.connection = connection
        self.reader = reader
    }

    /// Runs a query as `reader`; `nil` if the server refused it, for whatever reason.
    ///
    /// - Throws: `connectionLost`.
    func rows(of query: String, as reader: Reader) throws(PostgresError) -> [[String?]]? {
        guard reader != .nobody else { return nil }
        var statements = [
            "BEGIN READ ONLY",
            """
            SELECT pg_catalog.set_config('lock_timeout', '100ms', true),
                   pg_catalog.set_config('statement_timeout', '2s', true),
                   pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)
            """,
        ]
        if case .role(let role) = reader {
            statements.append("SET LOCAL ROLE \(try connection.quoted(identifier: role))")
        }
        statements.append(query)
        var rows: [[String?]]?
        do throws(PostgresError) {
            try connection.query(statements) { index, result in
                guard index == statements.count - 1 else { return }
                rows = (0..<result.count).map { row in
                    (0..<result.columnCount).map { result.text(row, $0) }
                }
            }
        } catch {
            guard case .server = error else { throw error }
        }
        try connection.execute("ROLLBACK")
        return rows
    }

    func quotedName(of relation: Relation) throws(PostgresError) -> String {
        let schema = try connection.quoted(identifier: relation.schema)
        return "\(schema).\(try connection.quoted(identifier: relation.name))"
    }

    /// The type's name, for a cast.
    func quotedName(of type: DataType) throws(PostgresError) -> String {
        let schema = try connection.quoted(identifier: type.schema)
        return "\(schema).\(try connection.quoted(identifier: type.name))"
    }
}
