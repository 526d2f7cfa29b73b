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
    let statements: [String]
    /// The shields that it takes, each once.
    let shields: [Shield]
    /// The relations that its rows go to; `nil` if rows of others might matter to it, or its settings
    /// to others.
    let touched: Set<OID>?

    /// The sequences that are shielded for it.
    var sequences: Set<OID> { Set(shields.map(\.sequence.oid)) }

    /// The trials that share a row.
    struct Round {
        let draft: RowDraft
        let trials: [PreparedTrial]
        let shields: [Shield]
        let script: TrialScript
    }

    init(
        at work: RelationWork,
        covering trials: [(place: Int, trial: Trial)],
        _ rounds: [Round],
        touching touched: Set<OID>?
    ) {
        self.work = work
        self.touched = touched
        self.trials = trials
        self.rounds = rounds
        statements = rounds.flatMap(\.script.statements)
        shields = rounds.flatMap(\.shields)
            .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

/// Relations whose first guesses are sent ahead of the answers, and how far that has got.
struct Ahead {
    /// The limits of the transaction that all share; `nil` if each has its own.
    let limits: TimeLimits?
    fileprivate var unwritten: ArraySlice<RelationWork>
    fileprivate var written: [FirstGuess] = []
    /// What the server is at work on.
    fileprivate(set) var sent: [FirstGuess] = []
    /// What is to be tried by itself.
    fileprivate var rest: [RelationWork] = []
    /// How many statements went before those of the guesses.
    fileprivate var lead = 0
    fileprivate var sentAt = ContinuousClock.now
    /// When the shared transaction was begun.
    fileprivate var begun = ContinuousClock.now
    /// The sequences that it has shielded: what is drawn there stays drawn until its end.
    fileprivate var shielded: Set<OID> = []
    /// How many relations the next string may hold: the fewer, the more failed lately, since what
    /// comes after a failure is sent again, and the server logs the whole string.
    fileprivate var size = Ahead.most

    fileprivate static let most = 10

    fileprivate init(_ works: [RelationWork], sharing limits: TimeLimits?) {
        unwritten = works[...]
        self.limits = limits
    }

    /// How many shields the next string would put up at most.
    fileprivate var nextShields: Int {
        written.prefix(size).reduce(0) { $0 + $1.shields.count }
    }

    /// What has no verdict yet, what the server is at work on first.
    var undone: [RelationWork] {
        (sent + written).map(\.work) + unwritten + rest
    }
}

extension LaneRunner {
    /// Tries the first guesses at the rows of many relations, sent ahead: while the server works on one
    /// string of them, the next is written.
    ///
    /// With nobody else in the database all share one transaction and so one search of the server's
    /// buffers for what the shields have made (DropRelationsAllBuffers); elsewhere each relation has its
    /// own. Only what passed is judged here and taken off the list. The rest, to be tried by itself from
    /// the beginning, is what did not pass, what asks the server for something first, and what the
    /// catalog says will be denied.
    /// - Throws: `connectionLost`, with what the server was at work on at the head of the list, and
    ///   counted in `sentTogether`.
    func runAhead(
        _ works: inout [RelationWork],
        report: (_ records: [(place: Int, record: Record)]) -> Void
    ) throws(PostgresError) {
        guard mayRunAhead else { return }
        var ahead = Ahead(works, sharing: try isAloneInDatabase() ? sharedLimits : nil)
        defer {
            works = ahead.undone
            sentTogether = ahead.sent.count
        }
        do throws(PostgresError) {
            while try advance(&ahead, report) {}
        } catch {
            // An answer that no trial is there for is met again, if it matters, by a trial.
            guard case .server = error else { throw error }
            if connection.isWaiting { _ = try connection.results() }
            ahead.rest += ahead.sent.map(\.work)
            ahead.sent = []
        }
        try endTransaction()
    }

    /// Writes the next string, reads what has become of the last one and sends the next; `false` if
    /// there is nothing left to do.
    private func advance(
        _ ahead: inout Ahead,
        _ report: (_ records: [(place: Int, record: Record)]) -> Void
    ) throws(PostgresError) -> Bool {
        while ahead.written.count < ahead.size, let work = ahead.unwritten.first {
            let guess = try firstGuess(at: work, inside: ahead.limits)
            ahead.unwritten.removeFirst()
            if let guess { ahead.written.append(guess) } else { ahead.rest.append(work) }
        }
        if !ahead.sent.isEmpty { report(try receive(&ahead)) }
        guard context.stop.reason == nil else { return false }
        if !ahead.written.isEmpty { try send(&ahead) }
        return !(ahead.sent.isEmpty && ahead.written.isEmpty && ahead.unwritten.isEmpty)
    }

    private func send(_ ahead: inout Ahead) throws(PostgresError) {
        try lookForBusySequences()
        let lead = lead(of: ahead)
        // What another transaction has shielded is no matter in one that is begun.
        var shielded = lead.isEmpty ? ahead.shielded : []
        var trials = 0
        while let guess = ahead.written.first, ahead.sent.count < ahead.size,
            ahead.sent.isEmpty || trials + guess.trials.count <= Self.trialsPerString
        {
            // The locks for shields are limited.
            if !ahead.sent.isEmpty, ahead.limits != nil,
                shielded.count + guess.shields.count > context.mostShields
            {
                break
            }
            ahead.written.removeFirst()
            // Somebody uses it by now, or one before has drawn from it behind the same shield.
            guard guess.sequences.isDisjoint(with: busy), guess.sequences.isDisjoint(with: shielded)
            else {
                ahead.rest.append(guess.work)
                continue
            }
            if ahead.limits != nil { shielded.formUnion(guess.sequences) }
            trials += guess.trials.count
            ahead.sent.append(guess)
        }
        guard !ahead.sent.isEmpty else { return }
        let opening =
            lead
            + (try ahead.limits.map { limits throws(PostgresError) in
                try shieldsAndSavepoint(for: ahead.sent, within: limits)
            } ?? [])
        var statements = opening + lines(of: ahead.sent)
        if ahead.limits != nil {
            let isLast = ahead.written.isEmpty && ahead.unwritten.isEmpty
            statements.append(isLast ? "ROLLBACK" : Self.release)
        }
        ahead.lead = opening.count
        ahead.shielded = shielded
        ahead.sentAt = .now
        if !lead.isEmpty { ahead.begun = ahead.sentAt }
        try connection.send(statements)
    }

    /// What stands before the guesses of a string in a transaction that is shared: the shields of all of
    /// them, since one that is made behind a savepoint goes with it, and one savepoint to go back to,
    /// since each end of one is dear (AtEOSubXact_RelationCache, relcache.c).
    private func shieldsAndSavepoint(
        for guesses: [FirstGuess],
        within limits: TimeLimits
    ) throws(PostgresError) -> [String] {
        var lines: [String] = []
        for shield in guesses.flatMap(\.shields) {
            lines += try shield.lines(with: connection, lockTimeout: limits.lock)
        }
        return lines + [Self.savepoint]
    }

    /// The statements of the guesses of a string.
    ///
    /// Where to go back to the savepoint is dear, those that have no table in common go back together:
    /// one takes the role off in place of that, so there is the same number of statements.
    private func lines(of guesses: [FirstGuess]) -> [String] {
        guard context.sharesSavepoints else { return guesses.flatMap(\.statements) }
        var lines: [String] = []
        var left: Set<OID> = []
        for (guess, next) in zip(guesses, guesses.dropFirst().map(Optional.some) + [nil]) {
            lines += guess.statements
            guard let touched = guess.touched, let others = next?.touched,
                others.isDisjoint(with: left.union(touched))
            else {
                left = []
                continue
            }
            left.formUnion(touched)
            lines[lines.count - 1] = Self.roleOff
        }
        return lines
    }

    private static let roleOff = "SET LOCAL ROLE NONE"

    /// Reads what has become of a string, and returns the records of what passed.
    private func receive(
        _ ahead: inout Ahead
    ) throws(PostgresError) -> [(place: Int, record: Record)] {
        var results = try connection.results().dropFirst(ahead.lead)
        let guesses = ahead.sent
        ahead.sent = []
        let count = guesses.reduce(0) { $0 + $1.trials.count }
        let seconds = (ContinuousClock.now - ahead.sentAt).seconds / Double(max(1, count))
        var records: [(place: Int, record: Record)] = []
        var unanswered: [FirstGuess] = []
        var hasFailed = false
        for guess in guesses {
            guard !hasFailed else {
                unanswered.append(guess)
                continue
            }
            let own = results.prefix(guess.statements.count)
            results = results.dropFirst(own.count)
            hasFailed = own.count < guess.statements.count || own.contains(where: \.isFailure)
            let passed = hasFailed ? nil : try passed(guess, own, seconds)
            records += passed ?? []
            let left = guess.work.trials.filter { trial in
                passed?.contains { $0.place == trial.place } != true
            }
            guard !left.isEmpty else { continue }
            ahead.rest.append(RelationWork(relation: guess.work.relation, trials: left))
        }
        ahead.written = unanswered + ahead.written
        ahead.size = hasFailed ? max(1, ahead.size / 2) : min(Ahead.most, ahead.size * 2)
        if connection.hasFailedTransaction { try endTransaction() }
        return records
    }

    /// Whether nothing forbids to begin a trial before earlier ones have their verdicts.
    private var mayRunAhead: Bool {
        !isAlone && rehearsal == nil && !context.options.keepsPlans
            && !context.stop.waitsForRecords
    }

    /// How many trials go out in one string, unless one relation has more.
    private static let trialsPerString = 20
    /// How long relations may share a transaction: who comes into the database meanwhile waits for
    /// the sequences that are shielded.
    private static let longestSharing = Duration.milliseconds(200)
    /// How long a statement may take in a shared transaction, in milliseconds; what is slower is
    /// tried by itself.
    private static let longestStatement = 100

    /// The limits in a transaction in which trials and shields alike wait for nobody.
    private var sharedLimits: TimeLimits {
        context.options.limits.shortened(
            to: TimeLimits(lock: Shield.patience, statement: Self.longestStatement)
        )
    }

    /// Whether nobody else is connected to the database, so that nobody waits for what is locked;
    /// where that cannot be seen there may be somebody.
    private func isAloneInDatabase() throws(PostgresError) -> Bool {
        let unknown = context.backends.unknown
        do throws(PostgresError) {
            let others = try connection.execute(
                """
                SELECT application_name IN ('', 'pgsmoke') AND usename = session_user
                  FROM pg_catalog.pg_stat_activity
                 WHERE datid = \(context.snapshot.server.databaseOID)
                   AND pid NOT IN (\(context.backends.list))
                   AND backend_type IS DISTINCT FROM 'autovacuum worker'
                   AND backend_type IS DISTINCT FROM 'parallel worker'
                """
            )
            // Lanes that are just connecting are no others.
            return others.count <= unknown && others.allSatisfy { $0[0] == "t" }
        } catch {
            guard case .server = error else { throw error }
            return false
        }
    }

    /// What goes before the guesses of a string: the beginning of a transaction that they share, and
    /// the end of the one before it.
    private func lead(of ahead: Ahead) -> [String] {
        let isOpen = connection.isInTransaction
        guard let limits = ahead.limits,
            !isOpen || .now - ahead.begun > Self.longestSharing
                || ahead.shielded.count + ahead.nextShields > context.mostShields
        else { return [] }
        return (isOpen ? ["ROLLBACK"] : []) + context.opening(nil, within: limits)
    }

    /// The records of a guess's trials, whose statements all succeeded; `nil` if not all of them passed.
    private func passed(
        _ guess: FirstGuess,
        _ results: ArraySlice<StatementResult>,
        _ seconds: Double
    ) throws(PostgresError) -> [(place: Int, record: Record)]? {
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
        inside limits: TimeLimits?
    ) throws(PostgresError) -> FirstGuess? {
        let relation = work.relation
        guard relation.kind == .table || relation.kind == .partitionedTable,
            relation.suitsAllRoles, !context.reach.runsCode(relation.oid),
            !context.reach.asksSession(relation.oid)
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
        let touched = limits == nil ? nil : touched(by: rounds)
        return FirstGuess(at: work, covering: allowed, rounds, touching: touched)
    }

    /// The relations that the rows of a guess go to; `nil` if it has to stand alone behind its savepoint.
    private func touched(by rounds: [FirstGuess.Round]) -> Set<OID>? {
        var touched: Set<OID> = []
        for round in rounds {
            let relations = (round.draft.scaffold + [round.draft.row]).map(\.relation.oid)
            guard !relations.contains(where: context.reach.callsRoutines),
                round.trials.allSatisfy({
                    $0.pending.frame.settings.isEmpty && $0.statement.timeLimit == nil
                })
            else { return nil }
            for relation in relations { touched.formUnion(context.reach.written(by: relation)) }
        }
        return touched
    }

    private func round(
        of attempts: Attempts,
        inside limits: TimeLimits?
    ) throws(PostgresError) -> FirstGuess.Round? {
        if case .unknown = attempts.rowOnHand { return nil }
        let draft = attempts.draft
        guard draft.isPlain,
            !draft.scaffold.contains(where: { context.reach.runsCode($0.relation.oid) })
        else { return nil }
        var trials: [PreparedTrial] = []
        for pending in attempts.pending {
            guard let prepared = try prepare(pending, draft, attempts.rowOnHand) else { return nil }
            let attempt = prepared.attempt(on: draft.row.relation, isForcing: false)
            guard !context.access.expectsDenial(of: attempt) else { return nil }
            trials.append(prepared)
        }
        let (shields, consumed, refusal) = try attempts.shields(draft)
        guard consumed.isEmpty, refusal == nil,
            shields.isEmpty || !context.snapshot.server.hasEventTriggers
        else { return nil }
        let script =
            if let limits {
                try script(inside: limits, draft, trials)
            } else {
                try script(draft, trials, shields, nil)
            }
        return FirstGuess.Round(draft: draft, trials: trials, shields: shields, script: script)
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
