internal import Catalog
internal import Postgres
internal import RowSynthesis

extension Declarations {
    /// Returns the expressions as rows take them.
    ///
    /// One that comes out differently each time, for a column that other tables refer to, is computed
    /// once for the connection: parent and child have to agree.
    func rowValues(in snapshot: Snapshot, over connection: Connection) -> [OID: [Int: RowValue]] {
        guard !values.isEmpty else { return [:] }
        let referenced = Self.referencedColumns(in: snapshot)
        var rows: [OID: [Int: RowValue]] = [:]
        for (relation, columns) in values {
            for (column, value) in columns {
                let text =
                    referenced[relation]?.contains(column) ?? false
                    ? Self.changingValue(of: value.expression, over: connection) : nil
                // The line breaks end a comment.
                rows[relation, default: [:]][column] = RowValue(
                    text.map { .literal($0) } ?? .expression("(\n\(value.expression)\n)"),
                    from: .declared
                )
            }
        }
        return rows
    }

    private static func referencedColumns(in snapshot: Snapshot) -> [OID: Set<Int>] {
        var columns: [OID: Set<Int>] = [:]
        for key in snapshot.constraints.values.joined() where key.kind == .foreignKey {
            columns[key.referencedRelation, default: []].formUnion(key.referencedColumns)
        }
        return columns
    }

    /// Computes the expression twice at once; returns a value if the two differ.
    ///
    /// What cannot be computed here is left to the trial, which tells why.
    private static func changingValue(of expression: String, over connection: Connection) -> String?
    {
        let value = "(\n\(expression)\n)::pg_catalog.text"
        let results = try? connection.exchange([
            "BEGIN", "SET LOCAL statement_timeout = '2s'", "SELECT \(value), \(value)", "ROLLBACK",
        ])
        if case .failed = results?.last { _ = try? connection.execute("ROLLBACK") }
        guard let results, results.count > 2,
            case .succeeded(_, let row) = results[2], row.count == 2, row[0] != row[1]
        else { return nil }
        return row[0]
    }
}
