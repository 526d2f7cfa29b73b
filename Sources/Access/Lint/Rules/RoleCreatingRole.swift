internal import Catalog
internal import Trials

extension Rule {
    static let roleCreatingRole = Rule(
        "role-createrole",
        .warning,
        "An application role has CREATEROLE.",
        page: """
            Up to 15, CREATEROLE lets a role change the password of every role that is no superuser and \
            make itself a member of any, `pg_write_server_files` included. From 16 it reaches only the \
            roles that it has the ADMIN option on, among them all that it creates.

            Leave it for a role that sets up tenants.
            """
    ) { subject in
        subject.roles.filter { $0.createsRoles && !$0.isSuperuser }.map { role in
            Remark(
                object: subject.object(role),
                reason: "it may create and change other roles",
                mending: [
                    subject.asSuperuser("ALTER ROLE \(Identifier.sql(role.name)) NOCREATEROLE")
                ]
            )
        }
    }
}
