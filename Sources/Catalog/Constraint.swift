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

    static func query(on version: Int) -> String {
        """
        \(Relation.locked)
        SELECT k.oid, k.conname, n.nspname, k.contype, k.conrelid, k.contypid, k.confrelid,
               array_to_string(k.conkey, ' '), array_to_string(k.confkey, ' '),
               k.condeferrable, k.condeferred, k.confmatchtype = 'f',
               CASE WHEN k.conrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(k.conbin, k.conrelid) END
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
    }
}

/// A unique index, whether or not a constraint stands behind it (`pg_index`).
package struct UniqueIndex: Sendable, Hashable, CatalogRow {
    package let relation: OID
    package let name: String
    /// The key columns; 0 stands for an expression.
    package let columns: [Int]
    package let isPartial: Bool

    static func query(on version: Int) -> String {
        """
        SELECT i.indrelid, x.relname, i.indkey, i.indnkeyatts, i.indpred IS NOT NULL
          FROM pg_index i
          JOIN pg_class x ON x.oid = i.indexrelid
          JOIN pg_class c ON c.oid = i.indrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE i.indisunique AND i.indislive AND NOT c.relispartition AND \(Schema.isOurs("n"))
           AND c.relkind IN ('r', 'p')
         ORDER BY i.indrelid, x.relname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        name = rows.string(row, 1)
        columns = Array(rows.integers(row, 2).prefix(rows.integer(row, 3)))
        isPartial = rows.isTrue(row, 4)
    }
}
