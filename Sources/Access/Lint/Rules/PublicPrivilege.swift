internal import Catalog
internal import Trials

extension Rule {
    static let publicPrivilege = Rule(
        "public-privilege",
        .warning,
        "PUBLIC was granted something that is not open by default.",
        page: """
            PUBLIC is every role there is and every role there will be, and a `REVOKE` from one role \
            takes nothing away that it has by PUBLIC. What the server itself gives PUBLIC (CONNECT and \
            TEMPORARY on databases, EXECUTE on functions, USAGE on types, languages and the schema \
            `public`) is not reported; CREATE on schemas has a rule of its own.

            Grant it to the roles that need it, then revoke it. Leave it on tables of constants that \
            everybody may read.
            """
    ) { subject in
        subject.securedObjects.compactMap { object in
            guard !object.isOpenByDefault else { return nil }
            var held: [(entry: ACL.Entry, column: String?)] = []
            func collect(_ acl: String, column: String?) {
                for entry in subject.access.list(acl).entries where entry.grantee == 0 {
                    held.append((entry, column))
                }
            }
            collect(object.acl, column: nil)
            if object.kind.hasColumns {
                for column in subject.snapshot.columns[object.oid] ?? [] where !column.acl.isEmpty {
                    collect(column.acl, column: column.name)
                }
            }
            let ignored: Set<Privilege> = object.kind == .schema ? [.create] : []
            held = held.filter { !$0.entry.privileges.subtracting(ignored).isEmpty }
            guard !held.isEmpty else { return nil }
            let words = held.map {
                subject.words($0.entry.privileges.subtracting(ignored), column: $0.column)
            }
            return Remark(
                object: object.objectName,
                reason: "every role has \(words.joined(separator: ", ")) by PUBLIC",
                mending: held.map { entry, column in
                    subject.revoking(
                        entry.privileges.subtracting(ignored),
                        of: entry,
                        on: object.objectName,
                        column: column
                    )
                }
            )
        }
    }
}

extension SecuredObject {
    /// Whether the server itself lets PUBLIC use such an object.
    fileprivate var isOpenByDefault: Bool {
        switch kind {
        case .database, .function, .procedure, .type, .domain, .language: true
        case .schema: name == "public"
        default: false
        }
    }
}
