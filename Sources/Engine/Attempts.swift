internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// The attempts at the trials of one relation: statement, outcome, a better row, statement.
///
/// First come those that bring a row in, then those that work on one that is there: it is put in
/// place for them, from what was learned of rows before.
struct Attempts {
    let runner: LaneRunner
    let relation: Relation
    private var search: RowSearch
    private let trials: [PendingTrial]
    /// The isolation level that the roles' transactions start with, if not the server's.
    private let isolation: String?
    /// The stages that are to come.
    private var coming: ArraySlice<Stage> = []
    /// What has become of statements and is still to be taken in.
    private var outcome: Outcome?
    /// Since when others have had their turn.
    private var resting: ContinuousClock.Instant?
    /// What the trials at hand work on.
    private(set) var rowOnHand = RowOnHand.brought
    /// Whether the first of the pending trials alone goes without a row.
    private var isWithoutRow = false
    private(set) var pending: ArraySlice<PendingTrial> = []
    /// How the keys of rows that are put in place are known.
    private var keyKnowledge = KeyKnowledge.given
    /// Whether all other ways were in vain.
    private var mustGiveKey = false
    /// Whether the server took a row of the search's.
    var hasTakenRow = false
    /// The records so far, of all trials in the end.
    private(set) var records: [(place: Int, record: Record)] = []
    /// What became of the first of the pending trials before rows were varied at random: what is
    /// reported if nothing fares better.
    private var fallback: Record?
    /// The statements that came to it, and what stopped them.
    private var fallbackPlan: PlannedTrial?
    /// The statements that came to nothing where no row could be put in place.
    private var planWithoutRow: PlannedTrial?
    private var fallbackCause: (draft: RowDraft, failure: Failure)?
    /// The search at that moment.
    private var fallbackSearch: RowSearch?
    /// Whether temporary tables that code has made for rows put in place go before a role's turn.
    private var discardsTemporaryTables = false
    /// Whether there was no row then for the trial to work on.
    private var fallbackLacksRow = false

    init(
        of trials: [PendingTrial],
        at relation: Relation,
        by runner: LaneRunner,
        _ isolation: String? = nil
    ) throws(PostgresError) {
        self.isolation = isolation
        self.runner = runner
        self.relation = relation
        self.trials = trials
        search = RowSearch(
            relation,
            lookup: runner.lookup,
            synthesizer: runner.synthesizer,
            mayUseReplicaMode: runner.context.mayUseReplicaMode,
            role: RowSearch.RoleUnderTrial(
                lines: try runner.lookupLines(of: trials.first),
                memberships: trials.first.map {
                    runner.context.access.principal($0.frame.effective.oid).effectiveRoles
                } ?? []
            ),
            mayRemoveRows: runner.context.mayRemoveRows(of:),
            budget: .milliseconds(runner.context.options.rowBudget)
        )
        coming = stages[...]
        resting = .now
    }

    /// Tries until each trial has a verdict or there is no other row to try.
    ///
    /// - Throws: `connectionLost`.
    mutating func run() throws(PostgresError) -> [(place: Int, record: Record)] {
        while try !advance() {}
        return records
    }

    /// Goes on until all trials have verdicts, or until a question waits in the lookup's book, which
    /// must have its answer before the next turn.
    ///
    /// Returns whether all have. With `sharing` questions wait, otherwise they are put at once.
    /// - Throws: `connectionLost`.
    mutating func advance(sharing: Bool = false) throws(PostgresError) -> Bool {
        if let resting { search.resume(after: .now - resting) }
        resting = nil
        while true {
            guard try takeOutcome(sharing: sharing) else {
                resting = .now
                return false
            }
            if !pending.isEmpty {
                try tryPending()
            } else if let stage = coming.popFirst() {
                begin(stage)
            } else {
                return true
            }
        }
    }

    /// Takes in what has become of statements; `false` if what is to be learned from it takes an answer
    /// first.
    private mutating func takeOutcome(sharing: Bool) throws(PostgresError) -> Bool {
        let book = runner.lookup.book
        book.collects = sharing
        defer { book.collects = false }
        while var rest = outcome, let (step, prepared) = rest.steps.popFirst() {
            let before = sharing ? self : nil
            let goesOn = try take(step, of: prepared, rest.draft, rest.shields, rest.seconds)
            if let before, book.isWaiting {
                self = before
                return false
            }
            outcome = goesOn ? rest : nil
        }
        outcome = nil
        return true
    }

    /// What became of the statements for one draft.
    private struct Outcome {
        var steps: ArraySlice<(step: AttemptStep, prepared: PreparedTrial)>
        let draft: RowDraft
        let shields: [Shield]
        /// How long each took.
        let seconds: Double
    }

    /// Trials that one row can serve.
    struct Stage {
        let commands: Set<Policy.Command>
        let trials: [PendingTrial]
        /// Whether they pick a row that is put in place for them.
        let picksRow: Bool
        let isFirst: Bool
    }

    /// The trials in the order in which they are tried.
    ///
    /// Where policies look at the row, each statement may need another.
    var stages: [Stage] {
        [(\Operation.bringsRow, false), (\.needsRow, true)].flatMap { isMeant, picksRow in
            trials.filter { $0.trial.operation[keyPath: isMeant] }
                .grouped { relation.suitsAllRoles ? [] : Set($0.trial.operation.policyCommands) }
                .enumerated()
                .map { index, group in
                    Stage(
                        commands: Set(group.members.flatMap(\.trial.operation.policyCommands)),
                        trials: group.members,
                        picksRow: picksRow,
                        isFirst: index == 0
                    )
                }
        }
    }

    /// Turns to the trials of a stage.
    mutating func begin(_ stage: Stage) {
        pending = stage.trials[...]
        let snapshot = runner.context.snapshot
        if stage.picksRow {
            let canPlaceRow = snapshot.obstacle(to: .insert, on: relation) == nil
            rowOnHand = canPlaceRow ? .own(keyKnowledge) : .unknown(limit: 1)
            search.begin(
                picking: snapshot.rowKey(of: relation),
                suiting: stage.commands,
                keepsKnowledge: hasTakenRow,
                mayMakeRoom: stage.trials.contains { $0.trial.operation == .delete }
            )
        } else if !stage.isFirst || stage.commands != [.insert] {
            search.begin(suiting: stage.commands, keepsKnowledge: hasTakenRow)
        }
    }

    /// Carries out the statements of the pending trials.
    private mutating func tryPending() throws(PostgresError) {
        if runner.context.stop.isRequested { throw .connectionLost("interrupted") }
        let draft = try settledDraft()
        guard let prepared = try prepared(draft) else { return }
        let (shields, consumed, refusal) = try shields(draft)
        if let (problem, reason) = refusal {
            finishAll { Record(trial: $0, verdict: .error, reason: reason, problem: problem) }
            return
        }
        let start = ContinuousClock.now
        let steps = try runner.carryOut(
            draft,
            prepared,
            shields,
            unshielded: consumed,
            isolation
        )
        let seconds = (ContinuousClock.now - start).seconds / Double(max(1, steps.count))
        outcome = Outcome(
            steps: zip(steps, prepared).map { ($0, $1) }[...],
            draft: draft,
            shields: shields,
            seconds: seconds
        )
    }

    private func settledDraft() throws(PostgresError) -> RowDraft {
        guard let first = pending.first else { return draft }
        return try runner.settled(draft, as: first.frame)
    }

    /// The row to try next, without scaffold where none is to be put in place.
    var draft: RowDraft {
        var draft = search.draft
        draft.discardsTemporaryTables = discardsTemporaryTables
        switch rowOnHand {
        case .brought, .own: break
        case .existing:
            draft.removeOtherRows()
            draft.row.forgetCode()
        case .unknown:
            draft.removeOtherRows()
            draft.row.values = [:]
            draft.row.forgetCode()
        }
        return draft
    }

    /// The statements of the pending trials; `nil` if the first of them has none, which is its verdict.
    private mutating func prepared(_ draft: RowDraft) throws(PostgresError) -> [PreparedTrial]? {
        var prepared: [PreparedTrial] = []
        for pending in pending {
            guard let next = try runner.prepare(pending, draft, rowOnHand) else { break }
            prepared.append(next)
        }
        if prepared.isEmpty, let first = pending.first {
            // What must be denied was let through where it touches no row, if that could be written.
            let nothing =
                first.trial.expected == .denied ? try runner.nothing(of: first, draft) : nil
            let wasLetThrough = nothing != nil
            finish(runner.notPossible(first.trial, draft), isRule: !wasLetThrough)
            return nil
        }
        return prepared
    }

    /// The shields for what the trials draw from: a row with a key of its own draws from nothing,
    /// unless code does, or it goes through a view that does not show the key.
    func shields(
        _ draft: RowDraft
    ) throws(PostgresError) -> (
        shields: [Shield], consumed: [Relation], refusal: (Problem, String)?
    ) {
        if case .brought = rowOnHand {
            return try runner.shields(for: relation, scaffolding: draft.scaffold)
        }
        let runsCode = ([relation.oid] + draft.scaffold.map(\.relation.oid))
            .contains(where: runner.context.reach.runsCode)
        return runsCode || relation.kind == .view
            ? try runner.shields(for: relation, scaffolding: draft.scaffold) : ([], [], nil)
    }

    /// Takes in what one step came to; `false` if the others of its round no longer count.
    private mutating func take(
        _ step: AttemptStep,
        of prepared: PreparedTrial,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ seconds: Double
    ) throws(PostgresError) -> Bool {
        guard let first = pending.first else { return false }
        let shown = runner.described(first.trial, draft)
        switch step {
        case .shieldFailed(let index, let error): runner.note(error, at: shields[index])
        case .scaffoldFailed(let index, let error):
            var record = runner.scaffoldFailed(first, draft, index, error)
            record.seconds = seconds
            try conclude(record, .scaffold(index, error), draft, lacksRow: true)
        case .stopped(let error, let isForcing):
            if isOverTemporaryTable(error, prepared, draft) {
                discardsTemporaryTables = true
                return false
            }
            var record = try runner.checked(
                runner.stopped(prepared, draft, error, isForcing: isForcing),
                against: draft
            )
            record.seconds = seconds
            if draft.discardsTemporaryTables, error.sqlState == .undefinedTable {
                record = Record(
                    trial: record.trial,
                    verdict: .inconclusive,
                    reason:
                        "code makes temporary tables, which belong to whoever sets it off first",
                    problem: .inconclusive,
                    sqlState: error.sqlState.code,
                    message: error.message
                )
                finish(record)
                return true
            }
            if case .unknown(let limit, let instead) = rowOnHand, limit > 0,
                error.sqlState == .queryCanceled
            {
                rowOnHand = .unknown(limit: 0, instead: instead)
                return false
            }
            if isWorthAnother(record, error) {
                try conclude(record, .row(error), draft)
            } else {
                try blame(&record, (draft, .row(error)))
                finish(record)
            }
        case .rowFailed(let error):
            if let knowledge = keyKnowledge(after: error) {
                keyKnowledge = knowledge
                rowOnHand = .own(knowledge)
                return false
            }
            var record = runner.rowFailed(first, draft, error)
            record.seconds = seconds
            try conclude(
                record,
                error.map { .row($0) } ?? .swallowed,
                draft,
                lacksRow: true
            )
        case .filtered(var record):
            record.seconds = seconds
            record.tried = shown
            let count = pending.count
            try conclude(record, .filtered, draft)
            return pending.count < count
        case .swallowed(var record):
            record.seconds = seconds
            record.tried = shown
            let count = pending.count
            try conclude(record, .swallowed, draft)
            // Those that follow need not give way, which proves less.
            return pending.count < count && !draft.ignoresConflicts
        case .scaffoldRefused(var record, let error):
            record.seconds = seconds
            record.tried = shown
            try conclude(record, .scaffold(draft.scaffold.count - 1, error), draft)
        case .finished(var record):
            if record.verdict == .inconclusive, let known = fallback ?? rowOnHand.instead {
                // That the privileges suffice adds to what stopped a real row, and is no more.
                let doubt = isRule(known) ? nil : record.reason
                record = known
                record.trial = first.trial
                if var plan = fallback == nil ? planWithoutRow : fallbackPlan {
                    plan.name = first.trial.name
                    runner.plans[first.place] = plan
                }
                record.reason = [known.reason, doubt].compactMap(\.self).joined(separator: "; ")
            }
            record.seconds = seconds
            record.tried = shown
            if record.verdict == .passed { hasTakenRow = true }
            finish(record)
        }
        return true
    }

    /// Whether the role may have been denied a temporary table that code has made for a row put in place,
    /// as whoever did that: the trial goes once more without.
    private func isOverTemporaryTable(
        _ error: ServerError,
        _ prepared: PreparedTrial,
        _ draft: RowDraft
    ) -> Bool {
        let context = runner.context
        return !discardsTemporaryTables && error.sqlState == .insufficientPrivilege
            && error.context != nil
            && (!draft.scaffold.isEmpty || prepared.statement.placesRow)
            && (draft.scaffold + [draft.row]).contains {
                context.reach.runsCode($0.relation.oid)
            } && context.mayMakeTemporaryTables
    }

    /// How to know the key of a row that could not be put in place, or found there, the way it was
    /// tried; `nil` if no way is left.
    private mutating func keyKnowledge(after error: ServerError?) -> KeyKnowledge? {
        guard case .own(let knowledge) = rowOnHand, !mustGiveKey else { return nil }
        switch (knowledge, error) {
        case (.given, nil): return .returned
        case (.given, let error?), (.returned, let error?):
            if error.asksSession { return .drawn }
            if case .given = knowledge { return nil }
            fallthrough
        case (.returned, nil), (.drawn, _):
            // Not every view returns rows, and not everybody may read them.
            mustGiveKey = true
            return .given
        }
    }

    /// Whether another row may fare better.
    private func isWorthAnother(_ record: Record, _ error: ServerError) -> Bool {
        if record.problem == .rowSecurity || record.verdict == .inconclusive || error.assignsTwice {
            return true
        }
        if error.sqlState == .insufficientPrivilege || record.verdict == .passed { return false }
        // What a row that was made up at random brings about is nobody's fault.
        return search.isVarying && record.problem?.isTransient == false
            || record.problem == .invalidStatement
                && (error.sqlState.conditionClass == "22" || error.givesComputedColumn)
    }

    /// Looks for another row; if there is none, the record is the verdict.
    ///
    /// Without a row to work on (`lacksRow`) the privileges can still be tried.
    private mutating func conclude(
        _ record: Record,
        _ failure: Failure,
        _ draft: RowDraft,
        lacksRow: Bool = false
    ) throws(PostgresError) {
        if draft.ignoresConflicts, fallback?.stage == nil { fallback?.stage = record.stage }
        if !search.isVarying, !search.isMakingRoom {
            var record = record
            if record.verdict == .inconclusive, let known = fallback,
                known.problem == .rowSecurity, !isForWantOfParent(record, failure)
            {
                // What suits the policies does not suit the table: the policies were the verdict.
                record = known
            } else if search.isWithoutScaffold, record.verdict == .inconclusive,
                let known = fallback
            {
                // The scaffold's failure says more; how far the row got without it is added.
                let stage = record.stage
                record = known
                record.stage = stage
            } else {
                fallbackPlan = pending.first.flatMap { runner.plans[$0.place] }
                fallbackCause = (draft, failure)
                fallbackSearch = search
                fallbackLacksRow = lacksRow
            }
            fallback = record
        }
        if case .own = rowOnHand {
            if try hasLearned(from: failure, of: draft) { return }
            // Where a row could be put in place, it is there for the trials that follow.
            let lacksRow = fallback == nil ? lacksRow : fallbackLacksRow
            if record.verdict == .inconclusive, fallback?.problem != .rowSecurity {
                if let existing = try runner.existingRow(of: relation, for: Array(pending)) {
                    rowOnHand = .existing(existing)
                    isWithoutRow = !lacksRow
                    return
                }
                if runner.lookup.book.isWaiting { return }
                // Without row security a query that finds no row is no less allowed.
                let isQuery = pending.first?.trial.operation == .select && !relation.hasRowSecurity
                if lacksRow || isQuery {
                    rowOnHand = .unknown(
                        limit: 1,
                        instead: explained(
                            fallback ?? record,
                            fallbackCause?.failure ?? failure,
                            fallbackCause?.draft ?? draft,
                            lacksRow
                        )
                    )
                    planWithoutRow = fallbackPlan
                    isWithoutRow = !lacksRow
                    return
                }
            }
        } else if case .brought = rowOnHand {
            if try hasLearned(from: failure, of: draft) { return }
        }
        if let fallbackSearch { search.settle(for: fallbackSearch) }
        var verdict = fallback ?? record
        verdict.trial = record.trial
        if fallback != nil, let place = pending.first?.place { runner.plans[place] = fallbackPlan }
        let isRule = isRule(verdict)
        let cause = fallbackCause ?? (draft, failure)
        if try !blame(&verdict, cause) {
            verdict = explained(verdict, cause.failure, cause.draft, lacksRow)
        }
        finish(verdict, isRule: isRule)
    }

    /// Whether there is another row to try, or one to be had when an answer is there.
    private mutating func hasLearned(
        from failure: Failure,
        of draft: RowDraft
    ) throws(PostgresError) -> Bool {
        let hasLearned = try search.learn(
            from: failure,
            of: draft,
            by: pending.first?.trial.operation ?? .insert
        )
        return hasLearned || runner.lookup.book.isWaiting
    }

    /// Whether a row that suits the policies lacked a row to refer to: that is no word against them.
    private func isForWantOfParent(_ record: Record, _ failure: Failure) -> Bool {
        if case .scaffold = failure { return true }
        return record.sqlState == SQLState.foreignKeyViolation.code
    }

    /// Makes an error of what a declared value brought about; returns whether one did.
    @discardableResult
    private func blame(
        _ record: inout Record,
        _ cause: (draft: RowDraft, failure: Failure)
    ) throws(PostgresError) -> Bool {
        guard case .row(let error) = cause.failure, let first = pending.first else { return false }
        return try runner.blameDeclaredValue(in: cause.draft, for: error, of: first, in: &record)
    }

    /// Whether a trigger's rule or a missing setting stopped it, which says nothing of what is denied.
    private func isRule(_ record: Record) -> Bool {
        ["TriggerRule:", "MissingSetting:"].contains { record.reason?.hasPrefix($0) ?? false }
    }

    /// Adds why no row can do, or what to write down to get past it.
    private func explained(
        _ record: Record,
        _ failure: Failure,
        _ draft: RowDraft,
        _ lacksRow: Bool
    ) -> Record {
        guard record.verdict == .inconclusive, record.reason?.hasPrefix("MissingSetting:") != true
        else { return record }
        var record = record
        if let conclusion = search.conclusion {
            let isRefusal = conclusion.hasPrefix("impossible: TriggerRule:")
            record.reason = [
                conclusion, runner.hint(onFullTable: conclusion, draft),
                isRefusal
                    ? search.leavingOut(record.trial.operation, as: record.trial.role) : nil,
            ]
            .compactMap(\.self).joined(separator: "; ")
        } else if let ring = search.hardRing(after: failure) {
            record.reason = [record.reason, ring].compactMap(\.self).joined(separator: "; ")
        } else if let advice = search.advice(
            after: failure,
            of: draft,
            by: record.trial.operation,
            as: record.trial.role,
            withoutRow: lacksRow
        ) {
            record.reason = [record.reason, advice].compactMap(\.self).joined(separator: "; ")
        }
        return record
    }

    private mutating func finish(_ record: Record, isRule: Bool? = nil) {
        guard let first = pending.popFirst() else { return }
        search.forgetAssignments()
        if isWithoutRow { rowOnHand = .own(keyKnowledge) }
        isWithoutRow = false
        let doubted = doubted(record, first)
        let isStoppedByData = doubted == nil && !(isRule ?? self.isRule(record))
        let record = doubted ?? record
        records.append((first.place, record.heldAgainstDenial(isStoppedByData: isStoppedByData)))
        fallback = nil
        fallbackPlan = nil
        fallbackCause = nil
        fallbackSearch = nil
    }

    /// What is left of a refusal by policies that look at the row, which may let another pass: neither
    /// does it say that the role can do nothing, nor that it must.
    private func doubted(_ record: Record, _ pending: PendingTrial) -> Record? {
        guard record.verdict == .failed, record.problem == .rowSecurity,
            record.sqlState != SQLState.featureNotSupported.code, !pending.trial.isInferred
        else { return nil }
        let isDenied = pending.trial.expected == .denied
        if !isDenied, pending.frame.refusesRowSecurity { return nil }
        let attempt = StatementAttempt(
            pending.trial.operation,
            role: pending.frame.effective,
            relation: relation,
            named: [],
            isForcingConstraints: false,
            settings: Set(pending.frame.settings.map(\.name))
        )
        guard !runner.context.access.refusesEveryRow(attempt, inAnySession: isDenied) else {
            return nil
        }
        var record = record
        record.verdict = .inconclusive
        record.problem = .inconclusive
        let doubt = "they may let another row pass, which was not found"
        record.reason = [record.reason, doubt, search.adviceOnPolicies].compactMap(\.self)
            .joined(separator: "; ")
        return record
    }

    private mutating func finishAll(_ record: (Trial) -> Record) {
        records += pending.map { ($0.place, record($0.trial)) }
        pending = []
    }
}
