package import Catalog
internal import Postgres
package import Trials

extension AccessMap {
    /// What it means that a statement succeeded without the row that was there for it.
    ///
    /// `nil` if no row security could have hidden it.
    package func judgeFiltered(_ attempt: StatementAttempt) -> Judgement? {
        guard layers(of: attempt).contains(where: { isFiltered($0) }) else { return nil }
        return Judgement(
            verdict: .failed,
            problem: .rowSecurity,
            reason: policyReason(of: attempt),
            stage: .rowSecurity
        )
    }

    /// Whether row security leaves a role no row for a statement that reads none.
    package func isClosedByPolicy(
        _ operation: Trials.Operation,
        _ user: Principal,
        on relation: Relation
    ) -> Bool {
        operation.policyCommands.first.map { isClosed(relation, to: user, for: $0) } ?? false
    }

    /// Whether row security would refuse a statement any row, not only the one that it was tried on: no
    /// permissive policy applies, or none that applies looks at the row or can let it pass.
    ///
    /// `inAnySession`, no parameter counts for what it is: the role may set it.
    package func refusesEveryRow(_ attempt: StatementAttempt, inAnySession: Bool) -> Bool {
        layers(of: attempt).filter { isFiltered($0) }.contains { layer in
            let user = principal(layer.checkedAs)
            let commands = attempt.policyCommands
            if commands.contains(where: { isClosed(layer.relation, to: user, for: $0) }) {
                return true
            }
            let applying = policies(on: layer.relation, for: user)
                .filter { policy in commands.contains(where: policy.applies) }
            let isShut = applying.contains { policy in
                !policy.isPermissive
                    && commands.contains { policy.conditions(for: $0).contains("false") }
            }
            if isShut { return true }
            let names = Set((snapshot.columns[layer.relation.oid] ?? []).map(\.name))
            // What compares a row with a parameter that nothing sets is NULL for each.
            let open = applying.filter { policy in
                !policy.isPermissive || inAnySession
                    || !policy.expressions.contains { isNull($0, in: attempt) }
            }
            return open.flatMap(\.expressions).map(Words.init).allSatisfy { words in
                names.isDisjoint(with: words.names)
                    && !(inAnySession && words.contain("current_setting"))
            }
        }
    }

    /// Whether an expression is certainly NULL, since it reads a parameter that nothing sets and has
    /// nothing, nor a function of the user's, that makes something else of NULL.
    private func isNull(_ expression: String, in attempt: StatementAttempt) -> Bool {
        let words = Words(expression)
        return !["or", "is", "coalesce", "case", "concat"].contains(where: words.contain)
            && !words.names.contains {
                reach.routinesByName[$0]?.contains { !$0.isBuiltIn } ?? false
            }
            && words.arguments(of: "current_setting").contains { isUnset($0, in: attempt) }
    }

    /// Whether row security is in force for a role and no permissive policy lets a row through.
    func isClosed(_ relation: Relation, to user: Principal, for command: Policy.Command) -> Bool {
        guard isFiltered(relation, for: user.role) else { return false }
        return !policies(on: relation, for: user).contains {
            $0.isPermissive && $0.applies(to: command)
                && !$0.conditions(for: command).contains("false")
        }
    }

    /// The policies that concern a role on a relation on which row security is in force for it.
    package func policies(on relation: Relation, for user: Principal) -> [Policy] {
        guard isFiltered(relation, for: user.role) else { return [] }
        return (snapshot.policies[relation.oid] ?? []).filter { !$0.isDisjoint(with: user) }
    }

    private func isFiltered(_ layer: StatementLayer) -> Bool {
        isFiltered(layer.relation, for: layer.checkedAs)
    }

    /// Whether row security is in force on a relation for a role.
    func isFiltered(_ relation: Relation, for role: OID) -> Bool {
        guard relation.hasRowSecurity, snapshot.roles[role]?.bypassesRowSecurity != true,
            snapshot.roles[role]?.isSuperuser != true
        else { return false }
        return relation.forcesRowSecurity
            || !principal(role).effectiveRoles.contains(relation.owner)
    }

    /// Why row security refused or hid the row, and what would let it pass.
    func policyReason(of attempt: StatementAttempt) -> String {
        let layers = layers(of: attempt).filter { isFiltered($0) }
        let user = principal(layers.first?.checkedAs ?? attempt.role.oid)
        let all = layers.flatMap { snapshot.policies[$0.relation.oid] ?? [] }
            .filter { !$0.isDisjoint(with: user) }
        let isForced = layers.contains {
            $0.relation.forcesRowSecurity && user.effectiveRoles.contains($0.relation.owner)
        }
        let start = isForced ? "row security is forced on the owner too" : "row security is on"
        let commands = attempt.policyCommands
        let closed = commands.first { command in
            !all.contains { $0.isPermissive && $0.applies(to: command) }
        }
        if let closed {
            let word = closed.word
            let reader =
                closed == .select && commands.first != .select
                ? ", which the \(attempt.operation.noun) needs to read the row" : ""
            return
                "\(start) and no permissive policy for \(word) applies to the role\(reader); no "
                + "GRANT cures this, a policy for \(word) does"
        }
        let policies = all.filter { policy in commands.contains(where: policy.applies) }
        let names = policies.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        let settings = policies.flatMap(\.expressions).flatMap {
            Words($0).arguments(of: "current_setting")
        }
        let hint =
            settings.first.map {
                "they read \(PrintableText.line($0)), whose value the role's sessions must set"
            } ?? "the row must satisfy them, or a policy must let it pass"
        return "\(start) and the row does not satisfy the policies that apply (\(names)); no GRANT "
            + "cures this: \(hint)"
    }
}

extension Policy.Command {
    /// The statement's name in SQL.
    fileprivate var word: String {
        switch self {
        case .all: "ALL"
        case .select: "SELECT"
        case .insert: "INSERT"
        case .update: "UPDATE"
        case .delete: "DELETE"
        }
    }
}

extension Policy {
    /// Whether it is for none of the roles that count for somebody.
    func isDisjoint(with user: Principal) -> Bool {
        !roles.contains(0) && user.effectiveRoles.isDisjoint(with: roles)
    }
}
