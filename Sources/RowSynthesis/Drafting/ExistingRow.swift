internal import Catalog
package import Postgres

/// A row that was there before: statements pick it, or it gives its place in a full table to the tried
/// one.
package struct ExistingRow: Sendable, Hashable {
    /// The row, with the values of its key alone.
    package let row: RowDraft.Row
    /// Where it lies, if its table has no key without NULLs.
    let place: String?

    package init(_ row: RowDraft.Row, at place: String? = nil) {
        self.row = row
        self.place = place
    }

    /// The columns by which it is picked; `nil` if it is by its place.
    package var columns: Set<Int>? { row.values.isEmpty ? nil : Set(row.values.keys) }

    /// The condition that picks the row and no other.
    package func condition(with connection: Connection) throws(PostgresError) -> String {
        let key = try row.condition(on: row.values.keys.sorted(), with: connection)
        if let key { return key }
        return "ctid = \(try connection.quoted(literal: place ?? ""))::pg_catalog.tid"
    }
}

extension Snapshot {
    /// The columns that pick one row of a table: the primary key, or another unique one without NULLs.
    func pickingKey(of table: OID) -> [Int] {
        let primary = (constraints[table] ?? []).first { $0.kind == .primaryKey }
        if let primary { return primary.columns }
        let index = (uniqueIndexes[table] ?? []).first { index in
            !index.isPartial && !index.isExclusion && index.expressions.isEmpty
                && index.columns.allSatisfy { column($0, of: table)?.isNotNull ?? false }
        }
        return index?.columns ?? []
    }
}
