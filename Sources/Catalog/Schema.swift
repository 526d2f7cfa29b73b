internal import Postgres

/// A schema outside the system's own (`pg_namespace`).
package struct Schema: Sendable, Hashable, CatalogRow {
    package let oid: OID
    package let name: String
    package let owner: OID
    package let acl: String
    /// The extension that the schema is a member of.
    package let `extension`: String?

    static func query(on version: Int) -> String {
        """
        SELECT n.oid, n.nspname, n.nspowner,
               array_to_string(coalesce(n.nspacl, acldefault('n', n.nspowner)), E'\\n'),
               e.extname
          FROM pg_namespace n
          LEFT JOIN pg_depend d ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
                               AND d.deptype = 'e'
          LEFT JOIN pg_extension e ON e.oid = d.refobjid
         WHERE \(Schema.isOurs("n"))
         ORDER BY n.nspname
        """
    }

    /// The condition that leaves out the system's schemas and those of temporary objects.
    static func isOurs(_ alias: String) -> String {
        """
        \(alias).nspname <> 'information_schema' AND \(alias).nspname !~ '^pg_'
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        name = rows.string(row, 1)
        owner = rows.oid(row, 2)
        acl = rows.string(row, 3)
        `extension` = rows.text(row, 4)
    }
}
