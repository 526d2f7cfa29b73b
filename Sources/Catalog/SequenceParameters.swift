internal import Postgres

/// How a sequence counts (`pg_sequence`).
package struct SequenceParameters: Sendable, Hashable, CatalogRow {
    package let sequence: OID
    /// Kept as text: an ALTER SEQUENCE that changes nothing repeats it.
    package let increment: String
    /// How many values one `nextval` takes for its session.
    package let cache: Int

    static func query(on version: Int) -> String {
        "SELECT seqrelid, seqincrement, seqcache FROM pg_sequence"
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        sequence = rows.oid(row, 0)
        increment = rows.string(row, 1)
        cache = rows.integer(row, 2)
    }
}
