internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// The attempts at the trials of one relation: statement, outcome, a better row, statement.
struct Attempts {
    let runner: LaneRunner
    let relation: Relation
    private var search: RowSearch
    private var pending: ArraySlice<PendingTrial>
    private var records: [(place: Int, record: Record)] = []
    /// What became of the first of the pending trials before rows were varied at random: what is
    /// reported if nothing fares better.
    private var fallback: Record?
    /// The statements that came to it, and what stopped them.
    private var fallbackPlan: PlannedTrial?
    private var fallbackCause: (draft: RowDraft, failure: Failure)?

    init(
        of trials: [PendingTrial],
        at relation: Relation,
        by runner: LaneRunner
    ) throws(PostgresError) {
        self.runner = runner
        self.relation = relation
        pending = trials[...]
        search = RowSearch(
            relation,
            lookup: runner.lookup,
            synthesizer: runner.synthesizer,
            mayUseReplicaMode: runner.context.mayUseReplicaMode,
            role: RowSearch.RoleUnderTrial(
                lines: try trials.first?.frame.lines(with: runner.connection) ?? [],
                memberships: trials.first.map {
                    runner.context.access.principal($0.frame.effective.oid).effectiveRoles
                } ?? []
            ),
            budget: .milliseconds(runner.context.options.rowBudget)
        )
    }

    /// Tries until each trial has a verdict or there is no other row to try.
    ///
    /// - Throws: `connectionLost`.
    mutating func run(
        _ isolation: String?
    ) throws(PostgresError) -> [(place: Int, record: Record)] {
        while !pending.isEmpty {
            if runner.context.stop.isRequested { throw .connectionLost("interrupted") }
            let draft = search.draft
            let (shields, consumed, refusal) = try runner.shields(for: relation)
            if let (problem, reason) = refusal {
                finishAll {
                    Record(trial: $0, verdict: .error, reason: reason, problem: problem)
                }
                break
            }
            let start = ContinuousClock.now
            let steps = try runner.carryOut(
                draft,
                Array(pending),
                shields,
                unshielded: consumed,
                isolation
            )
            let seconds = (ContinuousClock.now - start).seconds / Double(max(1, steps.count))
            for step in steps {
                guard try take(step, draft, shields, seconds) else { break }
            }
        }
        return records
    }

    /// Takes in what one step came to; `false` if the others of its round no longer count.
    private mutating func take(
        _ step: AttemptStep,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ seconds: Double
    ) throws(PostgresError) -> Bool {
        guard let first = pending.first else { return false }
        let shown = draft.row.described(showingValues: runner.context.options.showsRows)
        switch step {
        case .shieldFailed(let index):
            runner.unshieldable.insert(shields[index].sequence.oid)
        case .scaffoldFailed(let index, let error):
            var record = runner.scaffoldFailed(first.trial, draft, index, error)
            record.seconds = seconds
            try conclude(record, .scaffold(index, error), draft)
        case .stopped(let error, let isForcing):
            var record = try runner.checked(
                runner.stopped(first, draft, error, isForcing: isForcing),
                against: draft
            )
            record.seconds = seconds
            if isWorthAnother(record, error) {
                try conclude(record, .row(error), draft)
            } else {
                try blame(&record, (draft, .row(error)))
                finish(record)
            }
        case .swallowed(var record):
            record.seconds = seconds
            record.tried = shown
            let count = pending.count
            try conclude(record, .swallowed, draft)
            return pending.count < count
        case .scaffoldRefused(var record, let error):
            record.seconds = seconds
            record.tried = shown
            try conclude(record, .scaffold(draft.scaffold.count - 1, error), draft)
        case .finished(var record):
            record.seconds = seconds
            record.tried = shown
            finish(record)
        }
        return true
    }

    /// Whether another row may fare better.
    private func isWorthAnother(_ record: Record, _ error: ServerError) -> Bool {
        if record.problem == .rowSecurity || record.verdict == .inconclusive { return true }
        if error.sqlState == .insufficientPrivilege || record.verdict == .passed { return false }
        // What a row that was made up at random brings about is nobody's fault.
        return search.isVarying && record.problem?.isTransient == false
            || record.problem == .invalidStatement && error.sqlState.conditionClass == "22"
    }

    /// Looks for another row; if there is none, the record is the verdict.
    private mutating func conclude(
        _ record: Record,
        _ failure: Failure,
        _ draft: RowDraft
    ) throws(PostgresError) {
        if !search.isVarying {
            var record = record
            if search.isWithoutScaffold, record.verdict == .inconclusive, let known = fallback {
                // The scaffold's failure says more; how far the row got without it is added.
                let stage = record.stage
                record = known
                record.stage = stage
            } else {
                fallbackPlan = pending.first.flatMap { runner.plans[$0.place] }
                fallbackCause = (draft, failure)
            }
            fallback = record
        }
        if try search.learn(from: failure, of: draft) { return }
        var verdict = fallback ?? record
        verdict.trial = record.trial
        if fallback != nil, let place = pending.first?.place { runner.plans[place] = fallbackPlan }
        let isRule = isRule(verdict)
        if try !blame(&verdict, fallbackCause ?? (draft, failure)) {
            explain(&verdict, failure, draft)
        }
        finish(verdict, isRule: isRule)
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
    private func explain(_ record: inout Record, _ failure: Failure, _ draft: RowDraft) {
        guard record.verdict == .inconclusive else { return }
        if let conclusion = search.conclusion {
            record.reason = conclusion
        } else if let advice = search.advice(after: failure, of: draft) {
            record.reason = [record.reason, advice].compactMap(\.self).joined(separator: "; ")
        }
    }

    private mutating func finish(_ record: Record, isRule: Bool? = nil) {
        guard let first = pending.popFirst() else { return }
        let isStoppedByData = !(isRule ?? self.isRule(record))
        records.append((first.place, record.heldAgainstDenial(isStoppedByData: isStoppedByData)))
        fallback = nil
        fallbackPlan = nil
        fallbackCause = nil
    }

    private mutating func finishAll(_ record: (Trial) -> Record) {
        records += pending.map { ($0.place, record($0.trial)) }
        pending = []
    }
}
