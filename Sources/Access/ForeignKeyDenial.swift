internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// A foreign key is checked with the rights of the parent's owner.
    func denialOfForeignKey(_ error: ServerError, _ attempt: StatementAttempt) -> Judgement? {
        // The server's own query, in no language but SQL.
        let query = error.internalQuery ?? error.context ?? ""
        guard query.contains("FOR KEY SHARE OF x") else { return nil }
        let keys = layers(of: attempt)
            .flatMap { snapshot.constraints[$0.relation.oid] ?? [] }
            .filter { $0.kind == .foreignKey }
        for key in keys {
            guard let parent = snapshot.relations[key.referencedRelation],
                let schema = snapshot.schemas[parent.schemaOID],
                Words(query).contain(parent.name)
            else { continue }
            let owner = principal(parent.owner)
            var lacking: [MissingPrivilege] = []
            if !has(owner, .usage, on: schema) {
                lacking.append(missing(.usage, on: schemaName(schema), owner))
            }
            lacking += [Privilege.select, .update].filter { !has(owner, $0, on: parent) }
                .map { missing($0, on: parent.objectName, owner) }
            guard let first = lacking.first else { continue }
            return Judgement(
                verdict: .failed,
                problem: .foreignOwner,
                reason:
                    "the foreign key \(Identifier.displayed(key.name)) is checked with the rights of "
                    + "\(Identifier.displayed(first.grantee)), the owner of "
                    + "\(parent.objectName.displayed); the role itself lacks nothing",
                stage: attempt.isForcingConstraints ? .deferred : .afterTriggers,
                missing: [first],
                suspects: Array(lacking.dropFirst())
            )
        }
        return nil
    }
}
