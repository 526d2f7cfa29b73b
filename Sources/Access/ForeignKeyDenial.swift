internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// A foreign key is kept with the rights of the owner of the table that the server looks into: the
    /// parent for a new child, the child for a parent that is changed or deleted.
    func denialOfForeignKey(_ error: ServerError, _ attempt: StatementAttempt) -> Judgement? {
        // The server's own query, in no language but SQL.
        let query = error.internalQuery ?? error.context ?? ""
        guard let action = KeyAction(query) else { return nil }
        for (key, relation) in keysKept(for: attempt, by: action)
        where query.contains(
            "\(Identifier.inQuotationMarks(relation.schema)).\(Identifier.inQuotationMarks(relation.name))"
        ) {
            let owner = principal(relation.owner)
            guard let schema = snapshot.schemas[relation.schemaOID] else { continue }
            var lacking: [MissingPrivilege] = []
            if !has(owner, .usage, on: schema) {
                lacking.append(missing(.usage, on: schemaName(schema), owner))
            }
            lacking += action.privileges.filter { !has(owner, $0, on: relation) }
                .map { missing($0, on: relation.objectName, owner) }
            guard let first = lacking.first else { continue }
            let isRole = relation.owner == attempt.role.oid
            return Judgement(
                verdict: .failed,
                problem: .foreignOwner,
                reason:
                    "the foreign key \(Identifier.displayed(key.name)) is kept with the rights of "
                    + "\(Identifier.displayed(first.grantee)), the owner of "
                    + relation.objectName.displayed
                    + (isRole ? "" : "; the role itself lacks nothing"),
                stage: attempt.isForcingConstraints ? .deferred : .afterTriggers,
                missing: [first],
                suspects: Array(lacking.dropFirst())
            )
        }
        return nil
    }

    /// The keys that may be at work, each with the table that the server looks into.
    private func keysKept(
        for attempt: StatementAttempt,
        by action: KeyAction
    ) -> [(key: Constraint, relation: Relation)] {
        func pairs(_ keys: some Sequence<Constraint>, _ table: KeyPath<Constraint, OID>)
            -> [(key: Constraint, relation: Relation)]
        {
            keys.filter { $0.kind == .foreignKey }
                .compactMap { key in snapshot.relations[key[keyPath: table]].map { (key, $0) } }
        }
        let own = layers(of: attempt).flatMap { snapshot.constraints[$0.relation.oid] ?? [] }
        var keys = action == .check ? pairs(own, \.referencedRelation) : []
        // What cascades from one table to the next can end anywhere.
        let all = snapshot.constraints.values.joined().sorted { $0.oid < $1.oid }
        keys += pairs(all, \.relation)
        if action == .check { keys += pairs(all, \.referencedRelation) }
        return keys
    }
}

/// What the server's own queries for foreign keys do (`ri_triggers.c`).
private enum KeyAction {
    case check
    case delete
    case update

    init?(_ query: String) {
        if query.contains("FOR KEY SHARE OF x") {
            self = .check
        } else if query.contains("DELETE FROM ONLY"), query.contains("OPERATOR(") {
            self = .delete
        } else if query.contains("UPDATE ONLY"), query.contains("OPERATOR(") {
            self = .update
        } else {
            return nil
        }
    }

    /// What the query asks of the owner.
    var privileges: [Privilege] {
        switch self {
        case .check: [.select, .update]
        case .delete: [.delete, .select]
        case .update: [.update, .select]
        }
    }
}
