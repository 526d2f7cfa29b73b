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
    let synthesizer: RowSynthesizer
    let lookup: Lookup
    /// How the role is put on where rows are looked for; `nil` for as in its trials.
    let lookupFrame: RoleFrame?
    private let shielding: Shielding
    /// The sequences that others held when that was last looked for.
    private(set) var busy: Set<OID> = []
    private var lookedForBusy: ContinuousClock.Instant?
    /// How many relations were under way together when the connection was lost, if several were.
    var sentTogether = 0
    private var unshieldable: Set<OID> = []
    /// Those whose shield was cancelled once.
    private var cancelledShields: Set<OID> = []
    /// What of each role's settings holds where others put rows in place for its trials.
    var surroundings: [OID: [RoleFrame.Setting]] = [:]
    /// What was found out of views: the columns to which no statement can give a value.
    var viewColumns: [OID: ViewColumns] = [:]
    /// How often `nextval` was called on sequences that were not shielded.
    private var drawn: [OID: Int] = [:]
    /// The values that are gone beside those, since the session was made to forget its sequences.
    private var forgotten: [OID: Int] = [:]
    /// Whether the session forgets its sequences in each transaction, so that each takes values anew.
    private var isForgetting = false
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
            declared: context.declarations.rowValues(in: context.snapshot, over: connection),
            salt: Int(connection.backendPID.magnitude) % 1_000
        )
        (lookup, lookupFrame) = context.lookup(besides: connection)
        shielding = Shielding(
            access: context.access,
            user: context.user,
            policy: isAlone && context.options.sequences == .auto
                ? .consume : context.options.sequences,
            login: context.login
        )
    }

    /// Tries every role on the relation.
    ///
    /// - Throws: `connectionLost`, with all trials of the relation still to be accounted for.
    func run(_ work: RelationWork) throws(PostgresError) -> [(place: Int, record: Record)] {
        var (records, attempts) = try begin(work)
        for index in attempts.indices { records += try attempts[index].run() }
        return records
    }

    /// Decides what takes no row of the relation, and prepares the attempts at the rest.
    ///
    /// - Throws: `connectionLost`.
    func begin(
        _ work: RelationWork
    ) throws(PostgresError) -> (records: [(place: Int, record: Record)], attempts: [Attempts]) {
        var records: [(place: Int, record: Record)] = []
        var ready: [PendingTrial] = []
        for (place, trial) in work.trials {
            switch context.frames[trial.role] {
            case .ready where isUntouched(work.relation):
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
                if let record = tooSlow(trial, on: work.relation) {
                    records.append((place, record))
                    continue
                }
                // Any session can switch read only off, so that is no denial.
                let frame = trial.expected == .denied ? frame.withoutReadOnly : frame
                ready.append(PendingTrial(place: place, trial: trial, frame: frame))
            case .ready:
                records.append((place, Self.detectorFailed(trial)))
            case .cannotSet, nil: continue
            }
        }
        var attempts: [Attempts] = []
        for group in groups(of: ready, on: work.relation) {
            let isolation = group.first?.frame.isolation
            guard work.relation.kind != .sequence else {
                records += try runOnSequence(group, work.relation, isolation)
                continue
            }
            let (refused, denied) = try refusals(
                of: group.filter { $0.trial.expected == .denied },
                on: work.relation,
                isolation
            )
            let allowed = group.filter { $0.trial.expected == .allowed }
            records += refused
            attempts.append(
                try Attempts(of: allowed + denied, at: work.relation, by: self, isolation)
            )
        }
        return (records, attempts)
    }

    private func isUntouched(_ relation: Relation) -> Bool {
        relation.kind == .foreignTable && !context.foreignTables.contains(relation.oid)
    }

    /// The trials that can share a transaction and a row: an isolation level and surroundings hold for
    /// the one, and where policies look at rows each role needs the other for itself.
    private func groups(of trials: [PendingTrial], on relation: Relation) -> [[PendingTrial]] {
        trials.grouped { trial in
            let own = relation.suitsAllRoles ? [] : [trial.trial.role]
            let parameters = surroundings(of: trial.frame).flatMap { [$0.name, $0.value] }
            return [trial.frame.isolation ?? ""] + own + parameters
        }
        .map(\.members)
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

    /// Lets every transaction carry out the grants first, and errors be understood as if they were
    /// there.
    func rehearse(_ grants: [PlannedGrant], for subject: TrialSubject, _ access: AccessMap) {
        rehearsal = Rehearsal(grants: grants)
        context.access = access.granting(grants.map(\.grant))
        guard case .relation(let relation) = subject else { return }
        context.foresee(rehearsedSequences, of: relation)
    }

    /// The sequences that grants under proof are about: those whose names code puts together could not
    /// be foreseen, and can be shielded now.
    var rehearsedSequences: [Relation] {
        (rehearsal?.grants ?? []).filter { $0.missing.object.kind == .sequence }
            .compactMap { context.snapshot.relationsByName[$0.missing.object] }
    }

    /// The values of unshielded sequences that are gone: each connection takes `CACHE` at a time.
    var consumed: [OID: Int] {
        var consumed = forgotten
        for (sequence, calls) in drawn {
            let cache = max(1, context.snapshot.sequences[sequence]?.cache ?? 1)
            consumed[sequence, default: 0] += (calls + cache - 1) / cache * cache
        }
        return consumed
    }

    /// Turns to the trials of a relation whose transactions may let the session be as one that has drawn
    /// from no sequence, which `currval` tells.
    func countDraws(of relation: Relation) {
        isForgetting = context.reach.asksSession(relation.oid)
        if isForgetting { settleDraws() }
    }

    /// Counts one call of `nextval` on each of the sequences.
    func count(_ sequences: some Sequence<Relation>) {
        for sequence in sequences { drawn[sequence.oid, default: 0] += 1 }
        if isForgetting { settleDraws() }
    }

    private func settleDraws() {
        forgotten = consumed
        drawn = [:]
    }

    /// Takes note that a sequence could not be shielded, which is for good.
    ///
    /// A time limit of the statement before may strike late, and is no reason.
    func note(_ error: ServerError, at shield: Shield) {
        let sequence = shield.sequence.oid
        if error.sqlState == .queryCanceled, cancelledShields.insert(sequence).inserted { return }
        unshieldable.insert(sequence)
    }

    /// Decides about the sequences that the relation, and the scaffold of its row, draw from.
    func shields(
        for relation: Relation,
        scaffolding scaffold: [RowDraft.Row] = []
    ) throws(PostgresError) -> (
        shields: [Shield], consumed: [Relation], refusal: (Problem, String)?
    ) {
        try shields(for: context.sequences(of: relation, scaffolding: scaffold))
    }

    /// Decides about sequences that something may draw from.
    func shields(
        for sequences: [Relation]
    ) throws(PostgresError) -> (
        shields: [Shield], consumed: [Relation], refusal: (Problem, String)?
    ) {
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
        // Nothing can be asked while results are still to be read; what is sent ahead consumes nothing.
        guard context.options.sequences == .auto, !connection.isWaiting else {
            return (shields, consumed, nil)
        }
        let scarce = try scarce(consumed)
        if !scarce.isEmpty, shielding.policy == .consume { try lookForBusySequences() }
        for (sequence, left) in scarce {
            switch shielding.preserving.decision(for: sequence, busy, unshieldable) {
            case .shield(let shield):
                shields.append(shield)
                consumed.removeAll { $0.oid == sequence.oid }
            case .refuse(_, let problem, let reason):
                let values = left == 1 ? "1 value" : "\(left) values"
                let why = "\(reason); it has only \(values) left, which trials must not use up"
                return ([], [], (problem, why))
            case .consume: break
            }
        }
        return (shields, consumed, nil)
    }

    /// Ends the transaction that is open: at once, or with what is sent next if that saves time.
    func endTransaction() throws(PostgresError) {
        guard connection.isInTransaction else { return }
        if context.distance.isFar {
            connection.rollBackWithNext()
        } else {
            try connection.execute("ROLLBACK")
        }
    }

    /// Looks which sequences other transactions hold, if that was not just done.
    func lookForBusySequences() throws(PostgresError) {
        // Nothing can be asked while results are still to be read.
        if connection.isWaiting { return }
        let now = ContinuousClock.now
        if let lookedForBusy, now - lookedForBusy < context.distance.busyPeriod { return }
        lookedForBusy = now
        let rows = try connection.execute(
            """
            SELECT DISTINCT l.relation
              FROM pg_catalog.pg_locks l
              JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind = 'S'
             WHERE l.locktype = 'relation' AND l.database = \(context.snapshot.server.databaseOID)
               AND (l.pid IS NULL OR l.pid NOT IN (\(context.backends.list)))
            """
        )
        busy = Set(rows.compactMap { $0[0].flatMap { OID($0) } })
    }
}

extension Relation {
    /// Whether one row serves all roles and statements: no policy looks at it.
    var suitsAllRoles: Bool { kind != .view && !hasRowSecurity }
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
