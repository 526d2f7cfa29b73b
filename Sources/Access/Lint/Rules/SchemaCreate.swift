internal import Catalog
internal import Trials

extension Rule {
    static let schemaCreate = Rule(
        "schema-create",
        .warning,
        "PUBLIC or an application role may create objects in a schema.",
        page: """
            Who may create in a schema that others have in their `search_path` can put a function or a \
            table there that their statements find first. Up to 14, new databases let PUBLIC create in \
            the schema `public` (CVE-2018-1058). Applications need no CREATE: migrations make the \
            tables, and temporary ones need no schema.

            Leave it for a role that migrates, or a schema that is a role's own scratch pad.
            """
    ) { subject in
        subject.schemas.compactMap { schema in
            let object = ObjectName(kind: .schema, schema: nil, name: schema.name)
            let toAll = subject.access.list(schema.acl).entries.filter {
                $0.grantee == 0 && $0.privileges.contains(.create)
            }
            let holdings = subject.holdings(.create, by: schema.acl, owner: schema.owner)
            guard !toAll.isEmpty || !holdings.isEmpty else { return nil }
            let holders =
                (toAll.isEmpty ? [] : ["every role"])
                + (holdings.isEmpty ? [] : [subject.listed(holdings)])
            return Remark(
                object: object,
                reason: "\(holders.joined(separator: " and ")) may create objects in it",
                mending: (toAll + holdings.map(\.entry)).map {
                    subject.revoking([.create], of: $0, on: object)
                }
            )
        }
    }
}
