package import Catalog
package import Postgres
package import Trials

/// The search for a row that the server takes: each attempt's failure leads to the next draft.
///
/// What an error says outright is followed; where only code in the database knows what is wrong,
/// variations are tried one by one, and one that changes the error is built upon.
package struct RowSearch {
    private let lookup: Lookup
    let synthesizer: RowSynthesizer
    let relation: Relation
    let mayUseReplicaMode: Bool
    private var role: RoleUnderTrial
    private let mayRemoveRows: (Relation) -> Bool
    private let budget: Duration
    private var deadline: ContinuousClock.Instant
    private var knowledge = RowKnowledge()
    private var frames: [Frame] = []
    private var seen: Set<String> = []
    private var tries = 0
    /// Whether the row is one that statements are to pick.
    private var isPicking = false
    /// Whether a row that is there may be taken away for one of our own.
    private var mayMakeRoom = true
    /// Whether all was tried in vain.
    private var isExhausted = false
    /// Whether a row was looked for again that its own scaffold does not refer to.
    private var hasOpenedRing = false
    /// Why no row can do, if that is proven.
    package private(set) var conclusion: String?
    /// Why the table takes no more rows, while ways are tried to make room for one.
    private var fullness: String?

    /// The role whose policies the row must suit.
    package struct RoleUnderTrial: Sendable {
        /// The statements that put it on.
        var lines: [String]
        /// The roles whose privileges it has, its own among them.
        var memberships: Set<OID>
        /// The statements whose policies count.
        var commands: Set<Policy.Command> = [.insert]

        package init(lines: [String] = [], memberships: Set<OID> = []) {
            self.lines = lines
            self.memberships = memberships
        }

        /// Whether a policy is there for the role.
        func isSubject(to policy: Policy) -> Bool {
            commands.contains(where: policy.applies)
                && (memberships.isEmpty
                    || policy.roles.contains { $0 == 0 || memberships.contains($0) })
        }
    }

    /// What is still to be tried after one failure, the next at the end.
    private struct Frame {
        var variations: [RowKnowledge]
        /// Whether the variations make room in a full table.
        var makesRoom = false
    }

    package init(
        _ relation: Relation,
        lookup: Lookup,
        synthesizer: RowSynthesizer,
        mayUseReplicaMode: Bool,
        role: RoleUnderTrial,
        mayRemoveRows: @escaping (Relation) -> Bool,
        budget: Duration
    ) {
        self.relation = relation
        self.lookup = lookup
        self.synthesizer = synthesizer
        self.mayUseReplicaMode = mayUseReplicaMode
        self.role = role
        self.mayRemoveRows = mayRemoveRows
        self.budget = budget
        deadline = .now + budget
    }

    /// Begins anew, for a row that suits the policies of other statements.
    ///
    /// With a key it is put in place so that statements can pick it: the columns of the key get values
    /// of their own, as do those that draw from sequences. In a full table another row may have to be
    /// taken away for it. What was learned of the row so far is kept if the server took one.
    package mutating func begin(
        picking key: [Int]? = nil,
        suiting commands: Set<Policy.Command>,
        keepsKnowledge: Bool,
        mayMakeRoom: Bool = true
    ) {
        if !keepsKnowledge { knowledge = RowKnowledge() }
        knowledge.goesWithoutScaffold = false
        knowledge.cleared = []
        knowledge.vacancy = nil
        knowledge.ignoresConflicts = false
        self.mayMakeRoom = mayMakeRoom
        isPicking = key != nil
        if let key {
            let drawn = (snapshot.columns[relation.oid] ?? [])
                .filter { synthesizer.drawsFromSequence($0) && !$0.isComputed }
            knowledge.namedKey = Set(key).union(drawn.map(\.number))
        }
        if commands != role.commands { knowledge.forgetPolicies() }
        role.commands = commands
        frames = []
        seen = []
        tries = 0
        conclusion = nil
        fullness = nil
        isExhausted = false
        deadline = .now + budget
    }

    /// Forgets how an UPDATE got past code: it may judge the next role otherwise.
    package mutating func forgetAssignments() {
        knowledge.spared = []
        knowledge.raised = []
    }

    /// Takes no account of the time that others took meanwhile.
    package mutating func resume(after pause: Duration) { deadline += pause }

    /// Goes back to the row of an earlier moment, for trials that are still to come: what was tried
    /// since then was in vain, and is not tried again.
    package mutating func settle(for earlier: RowSearch) {
        let conclusion = conclusion
        self = earlier
        self.conclusion = conclusion
        isExhausted = true
    }

    var snapshot: Snapshot { lookup.snapshot }

    /// The row to try next.
    package var draft: RowDraft { informed.draft(for: relation, knowing: knowledge) }

    /// The synthesizer, knowing what is known of the relation.
    private var informed: RowSynthesizer {
        synthesizer.declaring(for: relation, through: knowledge.base)
    }

    /// Whether the scaffold could not be put in place, and the row is tried for what it shows alone.
    package var isWithoutScaffold: Bool { knowledge.goesWithoutScaffold }

    /// Whether the draft in hand is one of many tries, not what an error led to.
    package var isVarying: Bool { frames.contains { !$0.makesRoom } }

    /// Whether the draft in hand is to find room in a table that is full.
    package var isMakingRoom: Bool { !frames.isEmpty && !isVarying }

    /// Learns from a failure of `draft` under an operation; `false` if there is no other row to try.
    ///
    /// - Throws: `connectionLost`.
    package mutating func learn(
        from failure: Failure,
        of draft: RowDraft,
        by operation: Operation
    ) throws(PostgresError) -> Bool {
        tries += 1
        guard !isExhausted, conclusion == nil, tries < Self.limit, ContinuousClock.now < deadline
        else {
            conclusion = conclusion ?? fullness
            return false
        }
        if operation == .delete, opensRing(after: failure) { return true }
        let lesson = Lesson(
            lookup: lookup,
            synthesizer: informed,
            draft: draft,
            knowledge: knowledge,
            patience: patience,
            isPicking: isPicking,
            role: role,
            mayRemoveRows: mayRemoveRows
        )
        switch try lesson.teaching(of: failure) {
        case .knowledge(let next):
            knowledge = next
            return true
        case .hopeless(let reason):
            if frames.isEmpty {
                conclusion = reason
                return false
            }
        case .full(let full):
            if frames.isEmpty { try makeRoom(full, lesson) }
            return takeNextVariation()
        case .nothing: break
        }
        // No parent is worth looking for where every row is there already.
        if frames.isEmpty, case .scaffold = failure, let full = try lesson.fullness() {
            try makeRoom(full, lesson)
            return takeNextVariation()
        }
        let events = Self.events(of: operation)
        if let refusal = refusal(failure, on: events) {
            conclusion = refusal
            return false
        }
        if frames.count < Self.depth, seen.insert(failure.signature).inserted {
            let variations = Variations(
                lookup: lookup,
                synthesizer: informed,
                draft: draft,
                knowledge: knowledge,
                mayUseReplicaMode: mayUseReplicaMode,
                events: events
            )
            frames.append(Frame(variations: try variations.all(after: failure).reversed()))
        }
        if takeNextVariation() { return true }
        return conclusion == nil && withoutScaffold(failure)
    }

    /// A row that is to be deleted cannot be the one that its own scaffold refers to: another is looked
    /// for from the beginning, once.
    private mutating func opensRing(after failure: Failure) -> Bool {
        guard isPicking, knowledge.closesRings, !hasOpenedRing, case .row(let error) = failure,
            error.sqlState == .foreignKeyViolation
        else { return false }
        hasOpenedRing = true
        var other = RowKnowledge()
        other.namedKey = knowledge.namedKey
        frames.append(Frame(variations: [other]))
        return takeNextVariation()
    }

    /// Turns to what is to be tried next; `false` if there is nothing left.
    private mutating func takeNextVariation() -> Bool {
        while let frame = frames.indices.last {
            if let next = frames[frame].variations.popLast() {
                knowledge = next
                return true
            }
            frames.removeLast()
        }
        conclusion = conclusion ?? fullness
        return false
    }

    /// Looks for ways to try a row though the table is full.
    private mutating func makeRoom(_ full: Fullness, _ lesson: Lesson) throws(PostgresError) {
        fullness = full.reason
        guard mayMakeRoom else { return }
        let ways = try lesson.room(in: full, mayGiveWay: !isPicking)
        frames.append(Frame(variations: ways.reversed(), makesRoom: true))
    }

    private static let limit = 150
    private static let depth = 5

    /// Milliseconds that the next question may take.
    private var patience: Int {
        let left = deadline - .now
        let milliseconds =
            left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000
        return max(50, min(700, Int(milliseconds) / 2))
    }

    /// Without the parents the trial still shows what is denied before they are looked for.
    private mutating func withoutScaffold(_ failure: Failure) -> Bool {
        guard case .scaffold(_, let error) = failure, !knowledge.goesWithoutScaffold,
            error.sqlState.conditionClass != "55"
        else { return false }
        knowledge.goesWithoutScaffold = true
        return true
    }

    /// Code that refuses every row, whatever it is.
    private func refusal(_ failure: Failure, on events: Set<Relation.Event>) -> String? {
        guard case .row(let error) = failure, let context = error.context else { return nil }
        if let trigger = TriggerCode(of: relation, in: snapshot, on: events).refuser {
            return
                "impossible: TriggerRule: the trigger \(Identifier.displayed(trigger.name)) refuses every row"
        }
        // A rule can call code as well.
        guard relation.hasRules, error.sourceFunction == "exec_stmt_raise" else { return nil }
        let refuser = snapshot.routines.values.filter {
            context.contains($0.name) && TriggerCode.refusesAll($0)
        }.min { $0.oid < $1.oid }
        return refuser.map {
            "impossible: TriggerRule: \($0.objectName.displayed), which a rule calls, refuses every row"
        }
    }

    /// The events that a row meets which an operation works on.
    private static func events(of operation: Operation) -> Set<Relation.Event> {
        switch operation {
        case .update: [.insert, .update]
        case .delete: [.insert, .delete]
        default: [.insert]
        }
    }
}
