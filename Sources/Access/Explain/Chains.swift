internal import Catalog
internal import Trials

/// The chains of memberships that lead from one role to others.
struct Chains {
    /// As many chains to one role as are told apart.
    static let most = 12

    private let snapshot: Snapshot
    private let role: OID
    /// The role itself and every role that it is a member of, whatever the memberships let through.
    let ancestors: Set<OID>

    init(from role: OID, in snapshot: Snapshot) {
        self.snapshot = snapshot
        self.role = role
        ancestors = snapshot.groups(of: role) { _ in true }
    }

    /// All memberships of one role in another: from 16 there can be several, by different grantors.
    typealias Step = [Membership]

    /// Returns the chains to a role, the shortest first; one without steps leads to the role itself.
    func chains(to target: OID) -> [[Step]] {
        guard ancestors.contains(target) else { return [] }
        var found: [[Step]] = []
        // Memberships have no cycles, so what is on the way ends.
        var pending: [(at: OID, steps: [Step])] = [(role, [])]
        while !pending.isEmpty, found.count < Self.most {
            let (role, steps) = pending.removeFirst()
            if role == target {
                found.append(steps)
                continue
            }
            let steps2 = Dictionary(grouping: snapshot.memberships(of: role), by: \.group)
            for (group, step) in steps2.sorted(by: { $0.key < $1.key })
            where leads(group, to: target) {
                pending.append((group, steps + [step]))
            }
        }
        return found
    }

    private func leads(_ role: OID, to target: OID) -> Bool {
        snapshot.groups(of: role) { _ in true }.contains(target)
    }

    /// Says what a chain lets through, and as whom.
    ///
    /// After SET ROLE to a role on the way the rest must inherit; SET ROLE itself needs nothing but
    /// SET on all steps before it (manual, SET ROLE).
    func passage(of chain: [Step]) -> Way.Passage {
        let inherits = chain.map { $0.contains(where: \.inherits) }
        guard let first = inherits.firstIndex(of: false) else { return .open }
        let settable = chain.prefix { $0.contains(where: \.canSet) }.count
        // Where the rest inherits by itself, SET ROLE to the role before it is enough.
        let last = inherits.lastIndex(of: false) ?? first
        guard settable > last else {
            let wall = chain.indices.first { !inherits[$0] && $0 >= settable } ?? first
            return .blocked(at: wall)
        }
        return .afterSetRole(snapshot.roleName(chain[last][0].group))
    }

    /// Says as whom a superuser's rights at the end of the chain can be used: nobody inherits them.
    func passageToSuperuser(of chain: [Step]) -> Way.Passage {
        guard let last = chain.last?.first else { return .open }
        if let wall = chain.firstIndex(where: { !$0.contains(where: \.canSet) }) {
            return .blocked(at: wall)
        }
        return .afterSetRole(snapshot.roleName(last.group))
    }

    func links(of chain: [Step]) -> [MembershipLink] {
        chain.map { step in
            MembershipLink(
                member: snapshot.roleName(step[0].member),
                group: snapshot.roleName(step[0].group),
                inherits: step.contains(where: \.inherits),
                canSet: step.contains(where: \.canSet),
                isAdmin: step.contains(where: \.isAdmin),
                grantors: step.filter { $0.grantor != 0 }.map { snapshot.roleName($0.grantor) },
                isByAttribute: snapshot.server.version < 160_000
            )
        }
    }
}
