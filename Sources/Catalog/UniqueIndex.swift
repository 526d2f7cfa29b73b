internal import Postgres

/// An index that keeps rows apart: unique, or behind an EXCLUDE (`pg_index`).
package struct UniqueIndex: Sendable, Hashable, CatalogRow {
    package let relation: OID
    package let name: String
    /// The key columns; 0 stands for an expression.
    package let columns: [Int]
    package let isPartial: Bool
    /// The keys as the server deparses them, if one of them is an expression.
    package let expressions: [String]
    /// The condition of a partial index.
    package let predicate: String?
    package let treatsNullsAsEqual: Bool
    /// The operators of an EXCLUDE, one for each key; empty for a unique index.
    package let operators: [String]

    package var isExclusion: Bool { !operators.isEmpty }

    static func query(on version: Int) -> String {
        """
        \(Relation.locked)
        SELECT i.indrelid, x.relname, i.indkey, i.indnkeyatts, i.indpred IS NOT NULL,
               CASE WHEN i.indexprs IS NOT NULL AND i.indrelid NOT IN (SELECT relation FROM locked)
                    THEN (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, false), E'\\x1F' ORDER BY k)
                            FROM generate_series(1, i.indnkeyatts::int) AS k) END,
               CASE WHEN i.indrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(i.indpred, i.indrelid) END,
               \(version >= 150_000 ? "i.indnullsnotdistinct" : "false"),
               CASE WHEN i.indisexclusion
                    THEN (SELECT string_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname), ' '
                                            ORDER BY e.place)
                            FROM pg_constraint k, unnest(k.conexclop) WITH ORDINALITY AS e (id, place)
                            JOIN pg_operator o ON o.oid = e.id
                            JOIN pg_namespace n ON n.oid = o.oprnamespace
                           WHERE k.conindid = i.indexrelid AND k.contype = 'x') END
          FROM pg_index i
          JOIN pg_class x ON x.oid = i.indexrelid
          JOIN pg_class c ON c.oid = i.indrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE (i.indisunique OR i.indisexclusion) AND i.indislive AND NOT c.relispartition
           AND \(Schema.isOurs("n")) AND c.relkind IN ('r', 'p')
         ORDER BY i.indrelid, x.relname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        name = rows.string(row, 1)
        columns = Array(rows.integers(row, 2).prefix(rows.integer(row, 3)))
        isPartial = rows.isTrue(row, 4)
        expressions = rows.string(row, 5).split(separator: "\u{1F}").map(String.init)
        predicate = rows.text(row, 6)
        treatsNullsAsEqual = rows.isTrue(row, 7)
        operators = rows.string(row, 8).split(separator: " ").map(String.init)
    }
}
