internal import Catalog
internal import Trials

extension Rule {
    static let cannotLogIn = Rule(
        "role-cannot-log-in",
        .warning,
        "A role with grants on tables can no longer log in to this database.",
        page: """
            Its grants are of no use: its password has expired, it lacks CONNECT on the database, its \
            CONNECTION LIMIT is 0, or it lost LOGIN and no LOGIN role may use it. Every statement works \
            in a trial by SET ROLE, and the application does not even start.

            Leave it for a role that was locked on purpose, and revoke its grants.
            """
    ) { subject in
        subject.snapshot.roles.values.filter { role in
            !role.isPredefined && !role.isSuperuser && subject.holdsGrants(role)
        }.sorted { $0.name < $1.name }.compactMap { role in
            let facts = subject.access.loginFacts(of: role)
            guard !facts.canLogIn else { return nil }
            return Remark(
                object: subject.object(role),
                reason: facts.why,
                mending: subject.lettingIn(role)
            )
        }
    }
}

extension LintSubject {
    /// Whether the role itself, not as an owner, was granted access to data.
    fileprivate func holdsGrants(_ role: Role) -> Bool {
        relations.contains { relation in
            relation.owner != role.oid
                && access.list(relation.acl).entries.contains {
                    $0.grantee == role.oid
                        && !$0.privileges.isDisjoint(with: [.select, .insert, .update, .delete])
                }
        } || roles.contains { $0.oid == role.oid }
    }

    fileprivate func lettingIn(_ role: Role) -> [Cure] {
        let name = Identifier.sql(role.name)
        var mending: [Cure] = []
        if !role.canLogIn { mending.append(asSuperuser("ALTER ROLE \(name) LOGIN")) }
        if !access.canConnect(access.principal(role.oid)) {
            let database = Identifier.sql(snapshot.server.database)
            mending.append(
                Cure(
                    sql: "GRANT CONNECT ON DATABASE \(database) TO \(name)",
                    runBy: snapshot.roleName(snapshot.server.databaseOwner),
                    isProven: false
                )
            )
        }
        if role.isExpired {
            mending.append(asSuperuser("ALTER ROLE \(name) VALID UNTIL 'infinity'"))
        }
        if role.connectionLimit == 0 {
            mending.append(asSuperuser("ALTER ROLE \(name) CONNECTION LIMIT -1"))
        }
        return mending
    }
}
