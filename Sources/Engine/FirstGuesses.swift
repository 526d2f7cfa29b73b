internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// What is tried first of one relation, written before the server is asked anything.
struct FirstGuess {
    let work: RelationWork
    /// The trials that it covers; the others of the relation are left.
    let trials: [(place: Int, trial: Trial)]
    let rounds: [Round]

    /// The trials that share a row.
    struct Round {
        let draft: RowDraft
        let trials: [PreparedTrial]
        let script: TrialScript
    }

    var statements: [String] { rounds.flatMap(\.script.statements) }
}

extension LaneRunner {
    /// Tries the first guesses at the rows of many relations, sent ahead: while the server works on one
    /// string of them, the next is written.
    ///
    /// With nobody else in the database all share one transaction and so one search of the server's
    /// buffers for what the shields have made (DropRelationsAllBuffers); elsewhere each relation has its
    /// own. Only what passed is judged here: the rest, to be tried by itself from the beginning, is what
    /// did not, what asks the server for something first, and what no error may be overlooked of.
    /// - Throws: `connectionLost`, with everything still to be tried.
    func runAhead(
        _ works: [RelationWork]
    ) throws(PostgresError) -> (records: [(place: Int, record: Record)], rest: [RelationWork]) {
        guard mayRunAhead else { return ([], works) }
        var ahead = Ahead(sharing: try isAloneInDatabase() ? sharedLimits : nil)
        var unwritten = works[...]
        var written: [FirstGuess] = []
        var sent: (guesses: [FirstGuess], lead: Int, start: ContinuousClock.Instant)?
        defer { isWaiting = false }
        repeat {
            while written.count < Self.guessesPerString, let work = unwritten.popFirst() {
                if let guess = try firstGuess(at: work, inside: ahead.limits) {
                    written.append(guess)
                } else {
                    ahead.rest.append(work)
                }
            }
            if let (guesses, lead, start) = sent {
                let results = try connection.results()
                isWaiting = false
                let seconds = (ContinuousClock.now - start).seconds
                written =
                    try take(results.dropFirst(lead), of: guesses, seconds, into: &ahead) + written
                sent = nil
                if connection.hasFailedTransaction { try connection.execute("ROLLBACK") }
            }
            if context.stop.reason != nil { break }
            guard !written.isEmpty else { continue }
            try lookForBusySequences()
            let next = Array(written.prefix(Self.guessesPerString))
            written.removeFirst(next.count)
            let lead = lead(of: &ahead)
            var statements = lead + next.flatMap(\.statements)
            if ahead.limits != nil, written.isEmpty, unwritten.isEmpty {
                statements.append("ROLLBACK")
            }
            sent = (next, lead.count, .now)
            isWaiting = true
            try connection.send(statements)
        } while sent != nil || !written.isEmpty || !unwritten.isEmpty
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        return (ahead.records, ahead.rest)
    }

    /// How many relations go out in one string.
    private static let guessesPerString = 10

    /// How long relations may share a transaction: who comes into the database meanwhile waits for it.
    private static let longestSharing = Duration.milliseconds(200)

    /// What has come of the guesses so far.
    private struct Ahead {
        /// The limits of the transaction that all share; `nil` if each has its own.
        let limits: (lock: Int, statement: Int)?
        /// When the shared transaction was begun.
        var begun = ContinuousClock.now
        var records: [(place: Int, record: Record)] = []
        var rest: [RelationWork] = []

        init(sharing limits: (lock: Int, statement: Int)?) { self.limits = limits }
    }

    /// Whether nothing forbids to begin a trial before earlier ones have their verdicts.
    private var mayRunAhead: Bool {
        !isAlone && rehearsal == nil && !context.options.keepsPlans
            && !context.stop.waitsForRecords
    }

    /// The limits in a transaction in which trials and shields alike wait for nobody.
    private var sharedLimits: (lock: Int, statement: Int) {
        (
            min(Shield.patience, context.options.lockTimeout),
            min(Shield.trialTime, context.options.statementTimeout)
        )
    }

    /// Whether nobody else is connected to the database, so that nobody waits for what is locked.
    private func isAloneInDatabase() throws(PostgresError) -> Bool {
        let rows = try connection.execute(
            """
            SELECT 1 FROM pg_catalog.pg_stat_activity
             WHERE datid = \(context.snapshot.server.databaseOID)
               AND pid NOT IN (\(context.backends.list))
               AND backend_type IS DISTINCT FROM 'autovacuum worker'
               AND backend_type IS DISTINCT FROM 'parallel worker'
             LIMIT 1
            """
        )
        return rows.isEmpty
    }

    /// What goes before the guesses of a string: the beginning of a transaction that they share, and
    /// the end of the one before it.
    private func lead(of ahead: inout Ahead) -> [String] {
        let isOpen = connection.isInTransaction
        guard let limits = ahead.limits, !isOpen || .now - ahead.begun > Self.longestSharing
        else { return [] }
        ahead.begun = .now
        let opening = context.opening(
            nil,
            lockTimeout: limits.lock,
            statementTimeout: limits.statement
        )
        return isOpen ? ["ROLLBACK"] + opening : opening
    }

    /// Judges the guesses that a string answers; returns those that were not come to.
    private func take(
        _ results: ArraySlice<StatementResult>,
        of guesses: [FirstGuess],
        _ seconds: Double,
        into ahead: inout Ahead
    ) throws(PostgresError) -> [FirstGuess] {
        let count = guesses.reduce(0) { $0 + $1.trials.count }
        var results = results
        for (index, guess) in guesses.enumerated() {
            let own = results.prefix(guess.statements.count)
            results = results.dropFirst(own.count)
            let records = try passed(guess, own, seconds / Double(max(1, count)))
            ahead.records += records ?? []
            let left = guess.work.trials.filter { trial in
                records?.contains { $0.place == trial.place } != true
            }
            if !left.isEmpty {
                ahead.rest.append(RelationWork(relation: guess.work.relation, trials: left))
            }
            let isCutShort =
                own.count < guess.statements.count || own.contains { $0.isFailure }
            if isCutShort { return Array(guesses[(index + 1)...]) }
        }
        return []
    }

    /// The records of a guess's trials; `nil` if not all of them passed.
    private func passed(
        _ guess: FirstGuess,
        _ results: ArraySlice<StatementResult>,
        _ seconds: Double
    ) throws(PostgresError) -> [(place: Int, record: Record)]? {
        guard results.count == guess.statements.count, !results.contains(where: \.isFailure)
        else { return nil }
        var results = results
        var records: [(place: Int, record: Record)] = []
        for round in guess.rounds {
            let count = round.script.statements.count
            let seen = Observations(try round.script.answer(from: results.prefix(count)))
            results = results.dropFirst(count)
            for (index, prepared) in round.trials.enumerated() {
                let step = verdict(on: index, of: round.trials, seen, round.draft)
                guard case .finished(var record) = step, record.verdict == .passed else {
                    return nil
                }
                record.seconds = seconds
                record.tried = described(prepared.pending.trial, round.draft)
                records.append((prepared.pending.place, record))
            }
        }
        return records
    }

    /// Writes what is tried first of a relation; `nil` if that is not plain.
    ///
    /// Plain are statements that run no code of the user's and draw from shielded sequences only, so
    /// that no value can be gone unseen.
    private func firstGuess(
        at work: RelationWork,
        inside limits: (lock: Int, statement: Int)?
    ) throws(PostgresError) -> FirstGuess? {
        let relation = work.relation
        guard relation.kind == .table || relation.kind == .partitionedTable,
            relation.suitsAllRoles, !context.reach.runsCode(relation.oid)
        else { return nil }
        let allowed = work.trials.filter { $0.trial.expected == .allowed }
        guard !allowed.isEmpty else { return nil }
        var pending: [PendingTrial] = []
        for (place, trial) in allowed {
            guard trial.operation.bringsRow && trial.operation != .copy || trial.operation.needsRow,
                case .ready(let frame) = context.frames[trial.role], frame.isDetectorProven,
                frame.isolation == nil, tooSlow(trial, on: relation) == nil
            else { return nil }
            pending.append(PendingTrial(place: place, trial: trial, frame: frame))
        }
        var attempts = try Attempts(of: pending, at: relation, by: self)
        var rounds: [FirstGuess.Round] = []
        for stage in attempts.stages {
            attempts.begin(stage)
            guard let round = try round(of: attempts, inside: limits) else { return nil }
            rounds.append(round)
            attempts.hasTakenRow = true
        }
        return FirstGuess(work: work, trials: allowed, rounds: rounds)
    }

    private func round(
        of attempts: Attempts,
        inside limits: (lock: Int, statement: Int)?
    ) throws(PostgresError) -> FirstGuess.Round? {
        if case .unknown = attempts.rowOnHand { return nil }
        let draft = attempts.draft
        guard draft.isPlain,
            !draft.scaffold.contains(where: { context.reach.runsCode($0.relation.oid) })
        else { return nil }
        var trials: [PreparedTrial] = []
        for pending in attempts.pending {
            guard let prepared = try prepare(pending, draft, attempts.rowOnHand) else { return nil }
            trials.append(prepared)
        }
        let (shields, consumed, refusal) = try attempts.shields(draft)
        guard consumed.isEmpty, refusal == nil,
            shields.isEmpty || !context.snapshot.server.hasEventTriggers
        else { return nil }
        let script =
            if let limits {
                try script(inside: limits, draft, trials, shields)
            } else {
                try script(draft, trials, shields, nil)
            }
        return FirstGuess.Round(draft: draft, trials: trials, script: script)
    }
}

extension RowDraft {
    /// Whether the rows can be put in place as they are: none has to be computed first, taken away or
    /// put in place afterwards.
    fileprivate var isPlain: Bool {
        vacancy == nil && !ignoresConflicts && cleared.isEmpty && following.isEmpty
            && !needsReplicaMode
            && (scaffold + [row]).allSatisfy { row in
                row.values.values.allSatisfy { value in
                    if case .expression = value.content { false } else { true }
                }
            }
    }
}

extension StatementResult {
    fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }
}
