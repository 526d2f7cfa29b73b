internal import Postgres

/// A type that columns can have (`pg_type`).
package struct DataType: Sendable, Hashable, CatalogRow {
    package enum Form: Sendable, Hashable {
        case base
        case array(element: OID)
        case composite(relation: OID)
        case domain(of: OID, modifier: Int)
        case enumeration
        case range(of: OID)
        case multirange(of: OID)
        case pseudo
    }

    package let oid: OID
    package let schema: String
    package let name: String
    package let form: Form
    /// One letter: `S` for strings, `N` for numbers (PostgreSQL manual, table 53.65).
    package let category: String
    /// Whether a domain refuses NULL.
    package let isNotNull: Bool
    /// The default of a domain, as it was when it was set.
    package let defaultExpression: String?

    /// The type as a cast wants it.
    package let sqlName: String
    /// What a domain is over, with its modifier, as a cast wants it.
    package let baseName: String

    package var isBuiltIn: Bool { schema == "pg_catalog" }

    /// Whether a domain has a default of its own.
    package var hasDefault: Bool { defaultExpression != nil }

    /// The first number that the server gives to an object that did not come with it
    /// (FirstNormalObjectId, transam.h).
    private static let firstNormalOID = 16_384

    static func query(on version: Int) -> String {
        // Of the types of rows only those that something uses: that is on record, but for those that
        // came with the server. Without DISTINCT the planner takes the list for too long to look things
        // up in, and reads it anew for every type.
        """
        WITH used AS MATERIALIZED (
            SELECT DISTINCT refobjid AS type FROM pg_depend
             WHERE refclassid = 'pg_type'::regclass AND deptype = 'n'
        ),
        ranges(type, rngsubtype) AS (
            SELECT rngtypid, rngsubtype FROM pg_range
            \(version >= 140_000
            ? "UNION ALL SELECT rngmultitypid, rngsubtype FROM pg_range" : "")
        )
        SELECT t.oid, n.nspname, t.typname, t.typtype, t.typcategory,
               CASE WHEN t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE 0 END,
               t.typrelid, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault,
               coalesce(r.rngsubtype, 0),
               format_type(t.oid, NULL),
               CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN ranges r ON r.type = t.oid
          LEFT JOIN pg_class c ON c.oid = t.typrelid
          LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
         WHERE t.oid < \(firstNormalOID)
            OR (t.typtype <> 'c' OR c.relkind = 'c' OR t.oid IN (SELECT type FROM used)
                OR t.typarray IN (SELECT type FROM used))
           AND (e.typtype IS DISTINCT FROM 'c' OR t.oid IN (SELECT type FROM used))
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        schema = rows.string(row, 1)
        name = rows.string(row, 2)
        category = rows.string(row, 4)
        let element = rows.oid(row, 5)
        isNotNull = rows.isTrue(row, 9)
        defaultExpression = rows.text(row, 10)
        sqlName = rows.string(row, 12)
        baseName = rows.string(row, 13)
        form =
            switch rows.string(row, 3) {
            case "c": .composite(relation: rows.oid(row, 6))
            case "d": .domain(of: rows.oid(row, 7), modifier: rows.integer(row, 8))
            case "e": .enumeration
            case "r": .range(of: rows.oid(row, 11))
            case "m": .multirange(of: rows.oid(row, 11))
            case "p": .pseudo
            default: element == 0 ? .base : .array(element: element)
            }
    }
}

/// One label of an enum type, in the type's own order (`pg_enum`).
struct EnumLabel: CatalogRow {
    let type: OID
    let label: String

    static func query(on version: Int) -> String {
        "SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder"
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        type = rows.oid(row, 0)
        label = rows.string(row, 1)
    }
}
