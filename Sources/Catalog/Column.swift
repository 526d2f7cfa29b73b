internal import Postgres
internal import Trials

/// A column of a table, view or composite type (`pg_attribute`).
package struct Column: Sendable, Hashable, CatalogRow {
    /// How a column's value comes about if an INSERT does not name it.
    package enum Generation: Sendable, Hashable {
        case none
        case identityAlways
        case identityByDefault
        case stored
        case virtual
    }

    package let relation: OID
    /// The column's place in its relation, from 1, with gaps where columns were dropped.
    package let number: Int
    package let name: String
    package let type: OID
    /// The type's modifier, such as a length; -1 without one.
    package let typeModifier: Int
    package let isNotNull: Bool
    /// The DEFAULT or generation expression as the server deparses it.
    package let defaultExpression: String?
    package let hasDefault: Bool
    package let generation: Generation
    /// Whether a view's column stands for one of a table, or an INSTEAD OF INSERT trigger takes it (bits
    /// 64 and 4 of tgtype); what is computed cannot be written.
    package let isWritable: Bool
    /// Whether an UPDATE may set it, as far as that is for the view to say.
    package let isUpdatable: Bool
    /// The column's own ACL; empty without grants on the column.
    package let acl: String
    /// The type with its modifier, as a cast wants it.
    package let typeName: String
    /// The collation as COLLATE wants it, if it is not the type's own.
    package let collation: String?

    package var isIdentity: Bool {
        generation == .identityAlways || generation == .identityByDefault
    }

    package var isGenerated: Bool { generation == .stored || generation == .virtual }

    /// Whether no INSERT can give the column a value.
    package var isComputed: Bool { isGenerated || !isWritable }

    /// Whether the default asks what the session has drawn last from a sequence.
    package var asksSession: Bool { defaultExpression?.asksSession ?? false }

    static func query(on version: Int) -> String {
        """
        \(Relation.locked),
        \(Relation.blocked)
        \(selected)
           AND (NOT c.relispartition OR c.relkind = 'p'
                OR c.oid IN (SELECT confrelid FROM pg_constraint WHERE contype = 'f'))
         ORDER BY a.attrelid, a.attnum
        """
    }

    /// The query for those columns alone that have an ACL, of partitions too.
    static var grantedQuery: String {
        """
        \(Relation.locked),
        \(Relation.blocked)
        \(selected) AND a.attacl IS NOT NULL
         ORDER BY a.attrelid, a.attnum
        """
    }

    /// A default names no column, so no table has to be opened to deparse it.
    private static let selected = """
        SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
               CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0)
                    WHEN c.oid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(ad.adbin, ad.adrelid) END,
               a.atthasdef, a.attidentity, a.attgenerated, array_to_string(a.attacl, E'\\n'),
               format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attcollation <> t.typcollation
                    THEN (SELECT format('%I.%I', cn.nspname, co.collname)
                            FROM pg_collation co
                            JOIN pg_namespace cn ON cn.oid = co.collnamespace
                           WHERE co.oid = a.attcollation) END,
               CASE WHEN c.relkind = 'v' AND c.oid NOT IN (SELECT relation FROM blocked)
                    THEN pg_column_is_updatable(c.oid, a.attnum, true) ELSE true END,
               c.relkind = 'v' AND EXISTS (SELECT FROM pg_trigger g
                                            WHERE g.tgrelid = c.oid AND g.tgtype & 68 = 68)
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
         WHERE a.attnum > 0 AND NOT a.attisdropped
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND \(Schema.isOurs("n"))
        """

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        number = rows.integer(row, 1)
        name = rows.string(row, 2)
        type = rows.oid(row, 3)
        typeModifier = rows.integer(row, 4)
        isNotNull = rows.isTrue(row, 5)
        defaultExpression = rows.text(row, 6)
        hasDefault = rows.isTrue(row, 7)
        generation =
            switch (rows.string(row, 8), rows.string(row, 9)) {
            case ("a", _): .identityAlways
            case ("d", _): .identityByDefault
            case (_, "s"): .stored
            case (_, "v"): .virtual
            default: .none
            }
        acl = rows.string(row, 10)
        typeName = rows.string(row, 11)
        collation = rows.text(row, 12)
        isUpdatable = rows.isTrue(row, 13)
        isWritable = isUpdatable || rows.isTrue(row, 14)
    }
}

extension String {
    /// Whether SQL in lower case calls `currval` or `lastval` (manual, 9.17).
    package var asksSession: Bool { holds("currval") || holds("lastval") }
}
