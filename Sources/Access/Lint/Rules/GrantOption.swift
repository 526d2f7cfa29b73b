internal import Catalog
internal import Trials

extension Rule {
    static let grantOption = Rule(
        "grant-option",
        .warning,
        "A privilege was granted WITH GRANT OPTION.",
        page: """
            Its holder can give the privilege to anybody, PUBLIC included, and what it gave goes when its \
            own privilege is revoked with CASCADE, so grants come and go that no migration wrote. An \
            owner needs no grant option.

            Leave it for the role that hands out the grants. Where the holder has granted on, the \
            REVOKE stops until those grants are made by somebody else.
            """
    ) { subject in
        subject.securedObjects.compactMap { object in
            var held: [(entry: ACL.Entry, column: String?)] = []
            func collect(_ acl: String, column: String?) {
                for entry in subject.access.list(acl).entries
                where !entry.grantable.isEmpty && entry.grantee != object.owner {
                    held.append((entry, column))
                }
            }
            collect(object.acl, column: nil)
            if object.kind.hasColumns {
                for column in subject.snapshot.columns[object.oid] ?? [] where !column.acl.isEmpty {
                    collect(column.acl, column: column.name)
                }
            }
            guard !held.isEmpty else { return nil }
            let facts = held.map { entry, column in
                "\(Identifier.displayed(subject.snapshot.roleName(entry.grantee))) may grant on "
                    + subject.words(entry.grantable, column: column)
            }
            return Remark(
                object: object.objectName,
                reason: facts.joined(separator: "; "),
                mending: held.map { entry, column in
                    subject.revoking(
                        entry.grantable,
                        of: entry,
                        on: object.objectName,
                        column: column,
                        onlyGrantOption: true
                    )
                }
            )
        }
    }
}
