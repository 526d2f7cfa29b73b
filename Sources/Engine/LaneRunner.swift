internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// Carries out the trials of one relation after another over one connection.
final class LaneRunner {
    private(set) var context: RunContext
    let connection: Connection
    /// Whether no other lane is at work: nothing is shielded then, and the time limits are full.
    let isAlone: Bool
    private let synthesizer: RowSynthesizer
    private let lookup: Lookup
    private let shielding: Shielding
    private var busy: Set<OID> = []
    private var lookedForBusy: ContinuousClock.Instant?
    private var unshieldable: Set<OID> = []
    /// How often `nextval` was called on sequences that were not shielded.
    private(set) var drawn: [OID: Int] = [:]
    /// The statements that decided each trial, by its place in the plan.
    var plans: [Int: PlannedTrial] = [:]
    /// The grants that every transaction carries out first, for proofs.
    var rehearsal: Rehearsal?

    init(_ context: RunContext, over connection: Connection, isAlone: Bool = false) {
        self.context = context
        self.connection = connection
        self.isAlone = isAlone
        synthesizer = RowSynthesizer(
            context.snapshot,
            parents: context.parents,
            salt: Int(connection.backendPID) % 1_000
        )
        lookup = Lookup(context.snapshot, with: connection, reader: context.reader)
        shielding = Shielding(
            access: context.access,
            user: context.user,
            policy: isAlone && context.options.sequences == .auto
                ? .consume : context.options.sequences
        )
    }

    /// Tries every role on the relation.
    ///
    /// - Throws: `connectionLost`, with all trials of the relation still to be accounted for.
    func run(_ work: RelationWork) throws(PostgresError) -> [(place: Int, record: Record)] {
        var records: [(place: Int, record: Record)] = []
        var ready: [PendingTrial] = []
        for (place, trial) in work.trials {
            switch context.frames[trial.role] {
            case .ready(let frame) where work.relation.kind == .foreignTable:
                _ = frame
                records.append(
                    (
                        place,
                        Record(
                            trial: trial,
                            verdict: .skipped,
                            reason: "foreign table not asked for",
                            decidedBy: .catalog
                        )
                    )
                )
            case .ready(let frame) where frame.isDetectorProven:
                ready.append(PendingTrial(place: place, trial: trial, frame: frame))
            case .ready:
                records.append((place, Self.detectorFailed(trial)))
            case .cannotSet, nil: continue
            }
        }
        // An isolation level holds for a whole transaction.
        for isolation in Set(ready.map(\.frame.isolation)).sorted(by: { $0 ?? "" < $1 ?? "" }) {
            let group = ready.filter { $0.frame.isolation == isolation }
            let (refused, denied) = try refusals(
                of: group.filter { $0.trial.expected == .denied },
                on: work.relation,
                isolation
            )
            let allowed = group.filter { $0.trial.expected == .allowed }
            records += refused
            records += try attempts(work.relation, allowed + denied, isolation)
        }
        return records
    }

    /// The first guess at a row.
    func draft(for relation: Relation) -> RowDraft {
        synthesizer.draft(for: relation, knowing: RowKnowledge())
    }

    static func detectorFailed(_ trial: Trial) -> Record {
        Record(
            trial: trial,
            verdict: .error,
            reason: "under this role a denial that every role must meet was not seen, so no result "
                + "of it could be trusted",
            problem: .detectorFailed
        )
    }

    /// Tries until each trial has a verdict or the data offers no other row.
    private func attempts(
        _ relation: Relation,
        _ trials: [PendingTrial],
        _ isolation: String?
    ) throws(PostgresError) -> [(place: Int, record: Record)] {
        var records: [(place: Int, record: Record)] = []
        var pending = trials[...]
        var knowledge = RowKnowledge()
        var revisions = 0
        var scaffoldFailure: (draft: RowDraft, index: Int, error: ServerError)?
        var plansOfScaffold: [Int: PlannedTrial] = [:]
        let clock = ContinuousClock()
        while !pending.isEmpty {
            let draft = synthesizer.draft(for: relation, knowing: knowledge)
            let (shields, consumed, refusal) = try shields(for: relation)
            if let refusal {
                records += pending.map { ($0.place, Self.refused($0.trial, refusal)) }
                break
            }
            let start = clock.now
            let round = try carryOut(
                draft,
                Array(pending),
                shields,
                unshielded: consumed,
                isolation
            )
            let seconds = (clock.now - start).seconds / Double(max(1, round.count))
            for step in round {
                guard let first = pending.first else { break }
                switch step {
                case .shieldFailed(let index):
                    unshieldable.insert(shields[index].sequence.oid)
                case .scaffoldFailed(let index, let error):
                    let next =
                        revisions < Self.revisionLimit
                        ? try lookup.knowledge(
                            afterScaffold: draft.scaffold.indices.contains(index)
                                ? draft.scaffold[index].relation : nil,
                            failedWith: error,
                            in: knowledge,
                            mayUseReplicaMode: context.user.isSuperuser
                        ) : nil
                    if let next {
                        if next.goesWithoutScaffold {
                            scaffoldFailure = (draft, index, error)
                            plansOfScaffold = plans
                        }
                        knowledge = next
                        revisions += 1
                    } else {
                        records += pending.map {
                            ($0.place, scaffoldFailed($0.trial, draft, index, error, seconds))
                        }
                        pending = []
                    }
                case .stopped(let error, let isForcing):
                    let next =
                        revisions < Self.revisionLimit && scaffoldFailure == nil
                        ? try lookup.knowledge(after: error, of: draft, in: knowledge) : nil
                    if let next {
                        knowledge = next
                        revisions += 1
                    } else {
                        var record = try checked(
                            stopped(first, draft, error, isForcing: isForcing, seconds),
                            against: draft
                        )
                        if record.verdict == .inconclusive, let failure = scaffoldFailure {
                            let stage = record.stage
                            record = scaffoldFailed(
                                first.trial,
                                failure.draft,
                                failure.index,
                                failure.error,
                                seconds
                            )
                            record.stage = stage
                            plans[first.place] = plansOfScaffold[first.place]
                        }
                        records.append((first.place, record))
                        pending.removeFirst()
                    }
                case .finished(let record):
                    var record = record.heldAgainstDenial()
                    record.seconds = seconds
                    record.tried = draft.row.described
                    records.append((first.place, record))
                    pending.removeFirst()
                }
            }
        }
        return records
    }

    /// Lets every transaction carry out the grants first, and errors be understood as if they were
    /// there.
    func rehearse(_ grants: [PlannedGrant], for relation: Relation, _ access: AccessMap) {
        rehearsal = Rehearsal(grants: grants)
        context.access = access.granting(grants.map(\.grant))
        // Those whose names code puts together could not be foreseen, and can be shielded now.
        let sequences = grants.filter { $0.missing.object.kind == .sequence }
            .compactMap { context.snapshot.relationsByName[$0.missing.object] }
        context.foresee(sequences, of: relation)
    }

    /// Counts one call of `nextval` on each of the sequences.
    func count(_ sequences: some Sequence<Relation>) {
        for sequence in sequences { drawn[sequence.oid, default: 0] += 1 }
    }

    private static let revisionLimit = 8

    /// Decides about the sequences that the relation draws from.
    private func shields(
        for relation: Relation
    ) throws(PostgresError) -> (
        shields: [Shield], consumed: [Relation], refusal: (Problem, String)?
    ) {
        let sequences = context.sequences(of: relation)
        guard !sequences.isEmpty else { return ([], [], nil) }
        if shielding.policy != .consume { try lookForBusySequences() }
        var shields: [Shield] = []
        var consumed: [Relation] = []
        for decision in shielding.decisions(for: sequences, busy: busy, unshieldable: unshieldable)
        {
            switch decision {
            case .shield(let shield): shields.append(shield)
            case .consume(let sequence): consumed.append(sequence)
            case .refuse(_, let problem, let reason): return ([], [], (problem, reason))
            }
        }
        return (shields, consumed, nil)
    }

    /// Looks which sequences other transactions hold, at most every 20 milliseconds.
    private func lookForBusySequences() throws(PostgresError) {
        let now = ContinuousClock.now
        if let lookedForBusy, now - lookedForBusy < .milliseconds(20) { return }
        lookedForBusy = now
        let ours = context.backends.all.map(String.init).joined(separator: ", ")
        let rows = try connection.execute(
            """
            SELECT DISTINCT l.relation
              FROM pg_catalog.pg_locks l
              JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind = 'S'
             WHERE l.locktype = 'relation' AND l.database = \(context.snapshot.server.databaseOID)
               AND (l.pid IS NULL OR l.pid NOT IN (\(ours)))
            """
        )
        busy = Set(rows.compactMap { $0[0].flatMap { OID($0) } })
    }

    private static func refused(_ trial: Trial, _ refusal: (Problem, String)) -> Record {
        Record(trial: trial, verdict: .error, reason: refusal.1, problem: refusal.0)
    }

    /// Judges a trial that the server stopped.
    func stopped(
        _ pending: PendingTrial,
        _ draft: RowDraft,
        _ error: ServerError,
        isForcing: Bool,
        _ seconds: Double
    ) -> Record {
        let attempt = InsertAttempt(
            role: pending.frame.effective,
            relation: draft.row.relation,
            named: draft.named,
            isForcingConstraints: isForcing,
            isReadOnlyBySetting: pending.frame.isReadOnly
        )
        var judgement = context.access.judge(error, of: attempt)
        if pending.trial.isInferred {
            // The grants speak of one thing, policies and settings of another.
            switch judgement.problem {
            case .rowSecurity:
                judgement.verdict = .skipped
                judgement.reason = "by policy: \(judgement.reason)"
            case .readOnlyRole:
                judgement.verdict = .skipped
                judgement.reason = "by setting: \(judgement.reason)"
            default: break
            }
        }
        var record = Record(
            trial: pending.trial,
            verdict: judgement.verdict,
            reason: judgement.reason,
            problem: judgement.problem,
            stage: judgement.stage,
            sqlState: error.sqlState.code,
            message: error.message,
            tried: draft.row.described,
            missing: judgement.missing,
            seconds: seconds
        )
        record.suspects = judgement.suspects
        return record.heldAgainstDenial(
            isStoppedByData: ["22", "23"].contains(error.sqlState.conditionClass)
                && error.sourceFunction != "exec_stmt_raise"
        )
    }

    private func scaffoldFailed(
        _ trial: Trial,
        _ draft: RowDraft,
        _ index: Int,
        _ error: ServerError,
        _ seconds: Double
    ) -> Record {
        let parent = draft.scaffold.indices.contains(index) ? draft.scaffold[index].relation : nil
        let name = parent?.objectName.displayed ?? "its parents"
        var record = Record(
            trial: trial,
            verdict: .inconclusive,
            reason:
                "no row to refer to: \(name) is empty or unsuitable, and a row could not be put "
                + "in place there",
            problem: .inconclusive,
            sqlState: error.sqlState.code,
            message: error.message,
            tried: draft.row.described,
            seconds: seconds
        )
        switch error.sqlState {
        case .lockNotAvailable, .queryCanceled, .deadlockDetected:
            record.verdict = .error
            record.problem =
                error.sqlState == .lockNotAvailable
                ? .locked : error.sqlState == .queryCanceled ? .timeout : .deadlock
            record.reason = "the scaffold row in \(name) could not be put in place in time"
        case .insufficientPrivilege where error.isInOurStatement:
            if let parent {
                let owner = Identifier.displayed(context.snapshot.roleName(parent.owner))
                let user = Identifier.displayed(context.snapshot.roleName(context.user.role))
                record.reason =
                    context.inserter(parent) == nil
                    ? "no row to refer to: \(name) is empty or closed to \(user), and only SET "
                        + "membership in its owner \(owner) would allow pgsmoke to put one in place"
                    : "no row to refer to: \(name) is empty or unsuitable, and its owner \(owner) "
                        + "was denied a new row there"
            }
        default: break
        }
        return record.heldAgainstDenial(isStoppedByData: true)
    }
}

/// A trial that waits for its verdict.
struct PendingTrial: Sendable {
    let place: Int
    let trial: Trial
    let frame: RoleFrame
}

extension Duration {
    /// The duration in seconds.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
