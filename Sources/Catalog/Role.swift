internal import Postgres

/// A role's attributes (`pg_roles`).
package struct Role: Sendable, Hashable, CatalogRow {
    package let oid: OID
    package let name: String
    package let isSuperuser: Bool
    /// `INHERIT`; up to 15 it rules all memberships, from 16 each membership has its own.
    package let inherits: Bool
    package let canLogIn: Bool
    package let bypassesRowSecurity: Bool
    package let createsRoles: Bool
    /// -1 without a limit.
    package let connectionLimit: Int
    /// The end of the password's life as text, and whether it is past; `nil` without one.
    package let validUntil: String?
    package let isExpired: Bool

    /// Whether initdb made the role (`pg_read_all_data` and its like).
    package var isPredefined: Bool { oid < 16_384 && name.hasPrefix("pg_") }

    static func query(on version: Int) -> String {
        """
        SELECT oid, rolname, rolsuper, rolinherit, rolcanlogin, rolbypassrls, rolconnlimit,
               rolvaliduntil, coalesce(rolvaliduntil < now(), false), rolcreaterole
          FROM pg_roles
         ORDER BY rolname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        name = rows.string(row, 1)
        isSuperuser = rows.isTrue(row, 2)
        inherits = rows.isTrue(row, 3)
        canLogIn = rows.isTrue(row, 4)
        bypassesRowSecurity = rows.isTrue(row, 5)
        connectionLimit = rows.integer(row, 6)
        validUntil = rows.text(row, 7)
        isExpired = rows.isTrue(row, 8)
        createsRoles = rows.isTrue(row, 9)
    }
}

/// One role's membership in another (`pg_auth_members`).
package struct Membership: Sendable, Hashable, CatalogRow {
    package let group: OID
    package let member: OID
    /// Whether the member has the group's privileges without SET ROLE.
    package let inherits: Bool
    /// Whether the member may SET ROLE to the group.
    package let canSet: Bool
    /// Whether the member may grant the membership on.
    package let isAdmin: Bool
    /// 0 for a membership that nobody granted.
    package let grantor: OID

    package init(
        group: OID,
        member: OID,
        inherits: Bool,
        canSet: Bool,
        isAdmin: Bool = false,
        grantor: OID = 0
    ) {
        self.group = group
        self.member = member
        self.inherits = inherits
        self.canSet = canSet
        self.isAdmin = isAdmin
        self.grantor = grantor
    }

    static func query(on version: Int) -> String {
        version >= 160_000
            ? """
            SELECT roleid, member, inherit_option, set_option, admin_option, grantor
              FROM pg_auth_members ORDER BY roleid, member, grantor
            """
            : """
            SELECT m.roleid, m.member, r.rolinherit, true, m.admin_option, m.grantor
              FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        group = rows.oid(row, 0)
        member = rows.oid(row, 1)
        inherits = rows.isTrue(row, 2)
        canSet = rows.isTrue(row, 3)
        isAdmin = rows.isTrue(row, 4)
        grantor = rows.oid(row, 5)
    }
}

/// A setting that a login takes on from its role or database (`pg_db_role_setting`).
package struct RoleSetting: Sendable, Hashable, CatalogRow {
    /// 0 for every database.
    package let database: OID
    /// 0 for every role.
    package let role: OID
    package let name: String
    package let value: String

    static func query(on version: Int) -> String {
        """
        SELECT s.setdatabase, s.setrole, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
          FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS c
         WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database
                                      WHERE datname = current_database()))
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        database = rows.oid(row, 0)
        role = rows.oid(row, 1)
        name = rows.string(row, 2)
        value = rows.string(row, 3)
    }
}

/// A parameter whose value in this session is the connecting role's or client's own.
package struct SessionSetting: Sendable, Hashable, CatalogRow {
    package let name: String
    /// What the parameter would be without any configuration.
    package let builtInValue: String

    static func query(on version: Int) -> String {
        """
        SELECT name, boot_val
          FROM pg_catalog.pg_settings
         WHERE source IN ('client', 'user', 'database user')
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        name = rows.string(row, 0)
        builtInValue = rows.string(row, 1)
    }
}
