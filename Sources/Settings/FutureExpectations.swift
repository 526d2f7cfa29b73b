package import Access
internal import Catalog
package import Trials

/// Who is expected to be able to insert into the tables that the next migration makes.
package struct FutureExpectations: Sendable {
    /// By role, schema and creator.
    package private(set) var trials: [Trial] = []
    /// What cannot be tried, and what would change that.
    package private(set) var notes: [String] = []

    /// Expects each role to insert into new tables of a schema if it is expected to insert into one
    /// that is there.
    ///
    /// `roles` narrows whom it is about. A table is made as each role that owns tables in the schema and may create more, if the
    /// connecting role can become that role.
    package init(following expected: [Trial], of roles: Set<String>? = nil, _ access: AccessMap) {
        let snapshot = access.snapshot
        guard let user = snapshot.rolesByName[snapshot.server.user]?.oid else { return }
        var seen: Set<[String]> = []
        var unreachable: [String] = []
        for trial in expected where trial.operation == .insert && trial.expected == .allowed {
            guard roles?.contains(trial.role) ?? true, let name = trial.object.schema,
                seen.insert([trial.role, name]).inserted,
                let schema = snapshot.schemas.values.first(where: { $0.name == name })
            else { continue }
            for creator in access.creators(in: schema) where creator.name != trial.role {
                guard snapshot.canSetRole(user, to: creator.oid) else {
                    if !unreachable.contains(creator.name) { unreachable.append(creator.name) }
                    continue
                }
                trials.append(
                    Trial(
                        role: trial.role,
                        operation: .future,
                        object: ObjectName(kind: .schema, schema: nil, name: name),
                        isInferred: trial.isInferred,
                        creator: creator.name
                    )
                )
            }
        }
        guard !unreachable.isEmpty else { return }
        let names = unreachable.map(Identifier.displayed).joined(separator: ", ")
        notes.append(
            "new tables could not be tried without SET membership in their creators: \(names)"
        )
    }
}
