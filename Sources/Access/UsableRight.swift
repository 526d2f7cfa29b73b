package import Catalog
package import Trials

/// What the grants of a role come to for an operation, as far as it can be tried.
package enum UsableRight: Sendable, Hashable {
    case held
    case lacking
    /// The grants allow it, and no policy lets a row through.
    case hidden
    /// The privilege is held without what it takes to pick a row by its key. `isRefused` says whether
    /// the role can read none of the relation, so that the server refuses nothing else either.
    case withoutKey(isRefused: Bool)
}

extension AccessMap {
    /// What a role's grants say of an operation on a relation, whatever is broken on the way there.
    package func usableRight(
        to operation: Operation,
        _ principal: Principal,
        on relation: Relation
    ) -> UsableRight {
        guard speaksFor(operation, principal, on: relation) else { return .lacking }
        if hidesEveryRow(from: operation, principal, on: relation) { return .hidden }
        switch operation {
        case .update, .delete, .selectForUpdate:
            guard !canReadKey(principal, of: relation) else { return .held }
            return .withoutKey(isRefused: hasAny(principal, .select, on: relation))
        case .insertReturning:
            let key = snapshot.rowKey(of: relation)
            return key.isEmpty || canReadKey(principal, of: relation) ? .held : .lacking
        default: return .held
        }
    }

    /// Whether a row can be picked as an application does: by its key or, without one, by all of it.
    private func canReadKey(_ principal: Principal, of relation: Relation) -> Bool {
        if has(principal, .select, on: relation) { return true }
        let key = snapshot.rowKey(of: relation)
        return !key.isEmpty
            && key.allSatisfy { number in
                snapshot.column(number, of: relation.oid).map {
                    has(principal, .select, on: $0, of: relation)
                } ?? false
            }
    }

    /// Whether row security is in force for the role and no policy lets any row through.
    private func hidesEveryRow(
        from operation: Operation,
        _ principal: Principal,
        on relation: Relation
    ) -> Bool {
        guard operation.bringsRow || operation.needsRow,
            isFiltered(relation, for: principal.role)
        else { return false }
        let policies = policies(on: relation, for: principal)
        return operation.policyCommands.contains { command in
            !policies.contains { policy in
                policy.isPermissive && policy.applies(to: command)
                    && !policy.conditions(for: command).contains("false")
            }
        }
    }

    /// The policies that concern a role on a relation on which row security is in force for it.
    package func policies(on relation: Relation, for principal: Principal) -> [Policy] {
        guard isFiltered(relation, for: principal.role) else { return [] }
        return (snapshot.policies[relation.oid] ?? []).filter { !$0.isDisjoint(with: principal) }
    }
}
