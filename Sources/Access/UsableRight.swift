package import Catalog
package import Trials

/// What the grants of a role come to for an operation, as far as it can be tried.
package enum UsableRight: Sendable, Hashable {
    case held
    case lacking
    /// The grants allow it, and no policy lets a row through.
    case hidden
    /// The privilege is held without what it takes to pick a row by its key: what an application
    /// would send is refused, and a statement without a condition is not.
    case withoutKey
}

extension AccessMap {
    /// What a role's grants say of an operation on a relation, whatever is broken on the way there.
    package func usableRight(
        to operation: Operation,
        _ principal: Principal,
        on relation: Relation
    ) -> UsableRight {
        guard speaksFor(operation, principal, on: relation) else { return .lacking }
        let isHidden = operation.policyCommands.contains { command in
            isClosed(relation, to: principal, for: command)
        }
        if operation.bringsRow || operation.needsRow, isHidden { return .hidden }
        switch operation {
        case .update, .delete, .selectForUpdate:
            return canReadKey(principal, of: relation) ? .held : .withoutKey
        case .insertReturning:
            let key = snapshot.rowKey(of: relation)
            return key.isEmpty || canReadKey(principal, of: relation) ? .held : .lacking
        default: return .held
        }
    }

    /// Whether a role can pick a row as an application does: by its key or, without one, by all of it.
    package func canReadKey(_ principal: Principal, of relation: Relation) -> Bool {
        if has(principal, .select, on: relation) { return true }
        let key = snapshot.rowKey(of: relation)
        return !key.isEmpty
            && key.allSatisfy { number in
                snapshot.column(number, of: relation.oid).map {
                    has(principal, .select, on: $0, of: relation)
                } ?? false
            }
    }
}
