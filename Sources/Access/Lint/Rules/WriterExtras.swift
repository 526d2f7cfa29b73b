internal import Catalog
internal import Trials

extension Rule {
    static let writerExtras = Rule(
        "writer-extras",
        .warning,
        "A role that writes to a table also holds TRUNCATE, TRIGGER, REFERENCES or MAINTAIN.",
        page: """
            They mostly come from `GRANT ALL`. TRUNCATE empties the table past row security and DELETE \
            triggers, TRIGGER lets a role run code of its own whenever others write, REFERENCES lets it \
            find out which keys exist and block their deletion, MAINTAIN (17) lets it lock the table by \
            VACUUM FULL or CLUSTER. An application needs none of them.

            Leave TRUNCATE where a role empties staging tables.
            """
    ) { subject in
        let extras: [Privilege] = [.truncate, .trigger, .references, .maintain]
        return subject.relations.compactMap { relation in
            let writers = subject.roles.filter { role in
                guard let principal = subject.principals[role.oid] else { return false }
                return [Privilege.insert, .update, .delete].contains {
                    subject.access.hasAny(principal, $0, on: relation)
                }
            }.map(\.oid)
            var held: [Holding] = []
            var mending: [Cure] = []
            func collect(_ acl: String, column: String?) {
                for entry in subject.access.list(acl).entries {
                    let privileges = entry.privileges.intersection(extras)
                    guard let first = privileges.first else { continue }
                    let reached = subject.holdings(first, by: acl, owner: relation.owner)
                        .filter { $0.entry == entry }
                        .flatMap(\.roles).filter { writers.contains($0.oid) }
                    guard !reached.isEmpty else { continue }
                    held.append(Holding(entry: entry, roles: reached))
                    mending.append(
                        subject.revoking(
                            privileges,
                            of: entry,
                            on: relation.objectName,
                            column: column
                        )
                    )
                }
            }
            collect(relation.acl, column: nil)
            for column in subject.snapshot.columns[relation.oid] ?? [] where !column.acl.isEmpty {
                collect(column.acl, column: column.name)
            }
            guard !held.isEmpty else { return nil }
            let all = held.reduce(into: Set<Privilege>()) { $0.formUnion($1.entry.privileges) }
            return Remark(
                object: relation.objectName,
                reason: "\(subject.listed(held)) holds \(subject.words(all.intersection(extras)))",
                mending: mending
            )
        }
    }
}
