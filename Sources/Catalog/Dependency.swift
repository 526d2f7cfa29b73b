internal import Postgres

/// What an expression in the catalog reaches (`pg_depend`).
struct Dependency: CatalogRow {
    enum Source: String {
        case columnDefault = "default"
        case identity
        case check
        case domainCheck = "domain"
        case index
        case partitionKey = "partition"
        case view
    }

    let source: Source?
    /// The table, domain or view that the expression belongs to.
    let holder: OID
    /// The column whose default it is, or 0.
    let column: Int
    let target: OID
    /// Whether the target is a relation, not a function.
    let isRelation: Bool

    static func query(on version: Int) -> String {
        // An expression with an operator calls its function.
        """
        WITH called AS (
            SELECT classid, objid, objsubid, refobjid AS routine
              FROM pg_depend
             WHERE refclassid = 'pg_proc'::regclass
            UNION ALL
            SELECT d.classid, d.objid, d.objsubid, o.oprcode
              FROM pg_depend d
              JOIN pg_operator o ON o.oid = d.refobjid
             WHERE d.refclassid = 'pg_operator'::regclass
        )
        SELECT 'default', ad.adrelid, ad.adnum, d.refobjid, true
          FROM pg_depend d
          JOIN pg_attrdef ad ON ad.oid = d.objid
          JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
         WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
        UNION ALL
        SELECT 'default', ad.adrelid, ad.adnum, d.routine, false
          FROM called d
          JOIN pg_attrdef ad ON ad.oid = d.objid
         WHERE d.classid = 'pg_attrdef'::regclass
        UNION ALL
        -- Up to 14 a generated column's expression hangs on the column itself.
        SELECT 'default', d.objid, d.objsubid, d.routine, false
          FROM called d
         WHERE d.classid = 'pg_class'::regclass AND d.objsubid > 0
        UNION ALL
        SELECT 'identity', d.refobjid, d.refobjsubid, d.objid, true
          FROM pg_depend d
          JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.deptype = 'i' AND d.refobjsubid > 0
        UNION ALL
        SELECT CASE k.conrelid WHEN 0 THEN 'domain' ELSE 'check' END,
               CASE k.conrelid WHEN 0 THEN k.contypid ELSE k.conrelid END, 0, d.routine, false
          FROM called d
          JOIN pg_constraint k ON k.oid = d.objid
         WHERE d.classid = 'pg_constraint'::regclass
        UNION ALL
        SELECT 'index', i.indrelid, 0, d.routine, false
          FROM called d
          JOIN pg_index i ON i.indexrelid = d.objid
         WHERE d.classid = 'pg_class'::regclass
        UNION ALL
        SELECT 'partition', d.objid, 0, d.routine, false
          FROM called d
          JOIN pg_partitioned_table p ON p.partrelid = d.objid
         WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0
        UNION ALL
        SELECT DISTINCT 'view', r.ev_class, 0, d.refobjid, true
          FROM pg_depend d
          JOIN pg_rewrite r ON r.oid = d.objid
          JOIN pg_class v ON v.oid = r.ev_class
                         AND (v.relkind = 'v' OR r.ev_type = '3')
          JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'f')
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid <> r.ev_class
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        source = Source(rawValue: rows.string(row, 0))
        holder = rows.oid(row, 1)
        column = rows.integer(row, 2)
        target = rows.oid(row, 3)
        isRelation = rows.isTrue(row, 4)
    }
}
