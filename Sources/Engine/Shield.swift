internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// A way to keep a sequence as it is: its storage is made new for one transaction alone.
struct Shield: Sendable, Hashable {
    let sequence: Relation
    let parameters: SequenceParameters
    /// The role to alter it as, if the connecting role cannot itself.
    let owner: String?

    /// The statements that put the shield up; it goes with the transaction.
    ///
    /// The lock waits for everybody who has drawn from the sequence, and all who want to draw wait
    /// behind it: hence a time limit of its own.
    func lines(with connection: Connection, lockTimeout: Int) throws(PostgresError) -> [String] {
        let name = try connection.quoted(identifier: sequence.name, in: sequence.schema)
        var lines = ["ALTER SEQUENCE \(name) INCREMENT BY \(parameters.increment)"]
        if let owner {
            lines.insert("SET LOCAL ROLE \(try connection.quoted(identifier: owner))", at: 0)
            lines.append("SET LOCAL ROLE NONE")
        }
        guard lockTimeout != Self.patience else { return lines }
        return ["SET LOCAL lock_timeout = \(Self.patience)"] + lines
            + ["SET LOCAL lock_timeout = \(lockTimeout)"]
    }

    /// How long the shield may wait for its lock, in milliseconds.
    static let patience = 20
    /// What a trial behind a shield may take: live inserts wait for the shield meanwhile.
    static let trialLimits = TimeLimits(lock: 25, statement: 1_000)
}

/// Which of the sequences that a relation draws from can be shielded.
struct Shielding {
    let access: AccessMap
    let user: Principal
    var policy: SequencePolicy
    /// The role that has really logged in; what other connections could shield is no shield for it.
    var login: String?

    enum Decision: Sendable, Hashable {
        case shield(Shield)
        /// The values will be gone for good.
        case consume(Relation)
        /// The values must not be consumed, and cannot be kept.
        case refuse(Relation, Problem, String)
    }

    /// Decides for every sequence that an INSERT into a relation may draw from.
    ///
    /// `busy` are sequences that another transaction holds, `unshieldable` those that an earlier
    /// attempt failed to shield.
    func decisions(
        for sequences: [Relation],
        busy: Set<OID>,
        unshieldable: Set<OID>
    ) -> [Decision] {
        sequences.map { decision(for: $0, busy, unshieldable) }
    }

    /// The same where no value may be used up.
    var preserving: Shielding {
        var shielding = self
        shielding.policy = .preserve
        return shielding
    }

    /// Decides for one sequence.
    func decision(
        for sequence: Relation,
        _ busy: Set<OID>,
        _ unshieldable: Set<OID>
    ) -> Decision {
        let snapshot = access.snapshot
        guard policy != .consume else { return .consume(sequence) }
        func giveUp(_ problem: Problem, _ reason: String) -> Decision {
            policy == .preserve ? .refuse(sequence, problem, reason) : .consume(sequence)
        }
        let name = sequence.objectName.displayed
        if busy.contains(sequence.oid) {
            return giveUp(.locked, "the sequence \(name) is in use and cannot be shielded")
        }
        if unshieldable.contains(sequence.oid) {
            return giveUp(.locked, "the sequence \(name) could not be shielded")
        }
        guard let parameters = snapshot.sequences[sequence.oid] else {
            return .consume(sequence)
        }
        if user.isSuperuser || user.effectiveRoles.contains(sequence.owner) {
            return .shield(Shield(sequence: sequence, parameters: parameters, owner: nil))
        }
        let owner = snapshot.roleName(sequence.owner)
        if snapshot.canSetRole(user.role, to: sequence.owner) {
            return .shield(Shield(sequence: sequence, parameters: parameters, owner: owner))
        }
        if let login {
            let reason =
                "the sequence \(name) cannot be shielded over the login of "
                + "\(Identifier.displayed(login)), which does not own it; leave 'connect' out"
            return giveUp(.setRole, reason)
        }
        return giveUp(
            .setRole,
            "the sequence \(name) can be shielded only with SET membership in its owner "
                + "\(Identifier.displayed(owner))"
        )
    }
}
