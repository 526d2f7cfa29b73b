internal import Catalog
internal import Trials

extension Rule {
    static let superuserRole = Rule(
        "role-superuser",
        .error,
        "An application role is a superuser.",
        page: """
            No privilege and no row security is checked for a superuser, so no test as this role says \
            anything, and one injected statement reads files and runs programs on the server. A \
            superuser is taken for an application's role if it, or a group that it inherits from, was \
            granted access to the application's tables, or if `--role` names it.
            """
    ) { subject in
        subject.roles.filter(\.isSuperuser).map { role in
            Remark(
                object: subject.object(role),
                reason: "the application works as a superuser",
                mending: [
                    subject.asSuperuser("ALTER ROLE \(Identifier.sql(role.name)) NOSUPERUSER")
                ]
            )
        }
    }
}
