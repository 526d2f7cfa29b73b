internal import Postgres

/// A constraint of a table or a domain (`pg_constraint`).
package struct Constraint: Sendable, Hashable, CatalogRow {
    package enum Kind: String, Sendable, Hashable {
        case check = "c"
        case foreignKey = "f"
        case primaryKey = "p"
        case unique = "u"
        case exclusion = "x"
        case trigger = "t"
        case notNull = "n"
    }

    package let oid: OID
    package let name: String
    package let schema: String
    package let kind: Kind
    /// 0 for a domain's constraint.
    package let relation: OID
    /// 0 for a table's constraint.
    package let domain: OID
    package let referencedRelation: OID
    package let columns: [Int]
    package let referencedColumns: [Int]
    package let isDeferrable: Bool
    package let isInitiallyDeferred: Bool
    /// Whether a key's columns must be all NULL or all filled.
    package let isMatchFull: Bool
    /// A check's condition as the server deparses it.
    package let expression: String?
    /// Whether the server holds rows to it (from 18 a constraint can be there for show).
    package let isEnforced: Bool

    static func query(on version: Int) -> String {
        """
        \(Relation.locked)
        SELECT k.oid, k.conname, n.nspname, k.contype, k.conrelid, k.contypid, k.confrelid,
               array_to_string(k.conkey, ' '), array_to_string(k.confkey, ' '),
               k.condeferrable, k.condeferred, k.confmatchtype = 'f',
               CASE WHEN k.conrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(k.conbin, k.conrelid) END,
               \(version >= 180_000 ? "k.conenforced" : "true")
          FROM pg_constraint k
          JOIN pg_namespace n ON n.oid = k.connamespace
          LEFT JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype IN ('c', 'f', 'p', 'u', 'x', 't', 'n') AND \(Schema.isOurs("n"))
           AND c.relispartition IS NOT TRUE
         ORDER BY k.conrelid, k.contypid, k.conname, k.oid
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        name = rows.string(row, 1)
        schema = rows.string(row, 2)
        kind = Kind(rawValue: rows.string(row, 3)) ?? .check
        relation = rows.oid(row, 4)
        domain = rows.oid(row, 5)
        referencedRelation = rows.oid(row, 6)
        columns = rows.integers(row, 7)
        referencedColumns = rows.integers(row, 8)
        isDeferrable = rows.isTrue(row, 9)
        isInitiallyDeferred = rows.isTrue(row, 10)
        isMatchFull = rows.isTrue(row, 11)
        expression = rows.text(row, 12)
        isEnforced = rows.isTrue(row, 13)
    }
}

extension Snapshot {
    /// The foreign keys by which rows may refer to those of a table.
    package func keys(referringTo table: OID) -> [Constraint] {
        constraints.values.joined()
            .filter { $0.kind == .foreignKey && $0.referencedRelation == table }
            .sorted { $0.oid < $1.oid }
    }
}
