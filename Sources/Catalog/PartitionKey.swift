internal import Postgres

/// By which columns a partitioned table divides its rows (`pg_partitioned_table`).
package struct PartitionKey: Sendable, Hashable, CatalogRow {
    package enum Strategy: String, Sendable, Hashable {
        case list = "l"
        case range = "r"
        case hash = "h"
    }

    package let relation: OID
    package let strategy: Strategy
    /// The key columns; 0 stands for an expression.
    package let columns: [Int]

    static func query(on version: Int) -> String {
        "SELECT partrelid, partstrat, partattrs FROM pg_partitioned_table"
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        strategy = Strategy(rawValue: rows.string(row, 1)) ?? .range
        columns = rows.integers(row, 2)
    }
}
