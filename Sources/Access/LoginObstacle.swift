package import Catalog
package import Trials

/// What in the catalog keeps a role from logging in to the database.
package struct LoginObstacle: Sendable, Hashable {
    /// In a few words, such as `NOLOGIN`.
    package let text: String
    package var missing: MissingPrivilege?
    /// A login sees only what is committed, so it is never proven.
    package let cure: Cure

    fileprivate init(
        _ text: String,
        missing: MissingPrivilege? = nil,
        cure sql: String,
        runBy role: String
    ) {
        self.text = text
        self.missing = missing
        cure = Cure(
            sql: sql,
            runBy: role,
            isProven: false,
            doubt: "a login sees only what is committed, so it cannot be tried"
        )
    }
}

extension AccessMap {
    /// The obstacles to a role's own login, in the order in which they are worth looking at.
    ///
    /// `connections` is how many it has open, if that is known.
    package func loginObstacles(to role: Role, connections: Int = 0) -> [LoginObstacle] {
        var obstacles: [LoginObstacle] = []
        let name = Identifier.sql(role.name)
        let superuser = snapshot.firstSuperuser ?? role.name
        func alter(_ text: String, _ words: String) {
            let sql = "ALTER ROLE \(name) \(words)"
            obstacles.append(LoginObstacle(text, cure: sql, runBy: superuser))
        }
        if !role.canLogIn { alter("NOLOGIN", "LOGIN") }
        if !canConnect(principal(role.oid)) {
            let database = snapshot.server.database
            let missing = MissingPrivilege(
                privilege: Privilege.connect.rawValue,
                object: ObjectName(kind: .database, schema: nil, name: database),
                grantee: role.name
            )
            obstacles.append(
                LoginObstacle(
                    "no CONNECT on the database \(Identifier.displayed(database))",
                    missing: missing,
                    cure: missing.grant(quotedBy: Identifier.sql),
                    runBy: snapshot.roleName(snapshot.server.databaseOwner)
                )
            )
        }
        if role.isExpired, let end = role.validUntil {
            alter("its password expired on \(end)", "VALID UNTIL 'infinity'")
        }
        // No limit counts for a superuser.
        let limit = role.connectionLimit
        if limit >= 0, !role.isSuperuser, connections >= limit {
            let use = limit == 0 ? "" : ", which are in use"
            alter(
                "CONNECTION LIMIT \(limit)\(use)",
                "CONNECTION LIMIT \(limit == 0 ? -1 : connections + 1)"
            )
        }
        return obstacles
    }
}

extension Snapshot {
    /// The superuser that was there first, who may do what nobody else is known to.
    package var firstSuperuser: String? {
        roles.values.filter(\.isSuperuser).min { $0.oid < $1.oid }?.name
    }
}
