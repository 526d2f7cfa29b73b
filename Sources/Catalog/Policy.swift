internal import Postgres

/// A row-security policy (`pg_policy`).
package struct Policy: Sendable, Hashable, CatalogRow {
    package let relation: OID
    package let name: String
    /// Whether it is there for INSERT (or ALL).
    package let appliesToInsert: Bool
    package let isPermissive: Bool
    /// The roles that it is for; 0 stands for PUBLIC.
    package let roles: [OID]
    /// What a new row must satisfy, as the server deparses it.
    package let check: String?

    static func query(on version: Int) -> String {
        """
        \(Relation.locked)
        SELECT p.polrelid, p.polname, p.polcmd IN ('*', 'a'), p.polpermissive,
               array_to_string(p.polroles, ' '),
               CASE WHEN p.polrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) END
          FROM pg_policy p
         ORDER BY p.polrelid, p.polname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        name = rows.string(row, 1)
        appliesToInsert = rows.isTrue(row, 2)
        isPermissive = rows.isTrue(row, 3)
        roles = rows.integers(row, 4).map { OID($0) }
        check = rows.text(row, 5)
    }
}
