internal import Postgres

/// What is granted on the objects that a role will make (`pg_default_acl`).
package struct DefaultPrivileges: Sendable, Hashable, CatalogRow {
    package enum Objects: String, Sendable, Hashable {
        case tables = "r"
        case sequences = "S"
        case functions = "f"
        case types = "T"
        case schemas = "n"
        /// From 18.
        case largeObjects = "L"
    }

    /// The role that makes the objects.
    package let creator: OID
    /// 0 for every schema; such a list stands in for the built-in default, one for a schema is
    /// added to it.
    package let schema: OID
    package let objects: Objects?
    package let acl: String

    static func query(on version: Int) -> String {
        """
        SELECT defaclrole, defaclnamespace, defaclobjtype, array_to_string(defaclacl, E'\\n')
          FROM pg_default_acl
         ORDER BY defaclrole, defaclnamespace, defaclobjtype
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        creator = rows.oid(row, 0)
        schema = rows.oid(row, 1)
        objects = Objects(rawValue: rows.string(row, 2))
        acl = rows.string(row, 3)
    }
}
