internal import Catalog
internal import Trials

extension Rule {
    static let bypassingRole = Rule(
        "role-bypassrls",
        .warning,
        "An application role has BYPASSRLS.",
        page: """
            No policy holds for it, on any table, now or later. It is made for dumps and for owners that \
            must see all rows.

            Leave it for a role that backs up or exports.
            """
    ) { subject in
        subject.roles.filter { $0.bypassesRowSecurity && !$0.isSuperuser }.map { role in
            Remark(
                object: subject.object(role),
                reason: "no row security holds for it",
                mending: [
                    subject.asSuperuser("ALTER ROLE \(Identifier.sql(role.name)) NOBYPASSRLS")
                ]
            )
        }
    }
}
