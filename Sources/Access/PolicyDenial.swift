internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// Why row security refused the row, and what would let it pass.
    func policyReason(of attempt: InsertAttempt) -> String {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        let policies = layers.flatMap { snapshot.policies[$0.relation.oid] ?? [] }
            .filter { $0.appliesToInsert && !$0.isDisjoint(with: user) }
        let isForced = layers.contains {
            $0.relation.forcesRowSecurity && user.effectiveRoles.contains($0.relation.owner)
        }
        let start = isForced ? "row security is forced on the owner too" : "row security is on"
        guard policies.contains(where: \.isPermissive) else {
            return
                "\(start) and no permissive policy for INSERT applies to the role; no GRANT cures "
                + "this, a policy for INSERT does"
        }
        let names = policies.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        let settings = policies.flatMap {
            Words($0.check ?? "").arguments(of: "current_setting")
        }
        let hint =
            settings.first.map {
                "they read \(PrintableText.line($0)), whose value the role's sessions must set"
            } ?? "the row must satisfy them, or a policy must let it pass"
        return "\(start) and the row does not satisfy the policies that apply (\(names)); no GRANT "
            + "cures this: \(hint)"
    }
}

extension Policy {
    fileprivate func isDisjoint(with user: Principal) -> Bool {
        !roles.contains(0) && user.effectiveRoles.isDisjoint(with: roles)
    }
}
