internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// What one attempt at one trial came to.
enum AttemptStep: Sendable {
    /// The trial has its verdict.
    case finished(Record)
    /// The insert succeeded without its row; the verdict, should no other row fare better.
    case swallowed(Record)
    /// The statement succeeded, and row security had hidden the row from it.
    case filtered(Record)
    /// The row that the statement was to pick could not be put in place; without an error if code made
    /// another row of it.
    case rowFailed(ServerError?)
    /// The statement was refused, or the forcing of what it left deferred.
    case stopped(ServerError, isForcing: Bool)
    /// A deferred trigger of the scaffold refused it; the verdict, should no other row fare better.
    case scaffoldRefused(Record, ServerError)
    case shieldFailed(Int, ServerError)
    case scaffoldFailed(Int, ServerError)
}

extension LaneRunner {
    /// Carries out one attempt at each trial, up to the first that needs another row.
    ///
    /// Shielded, all share one transaction, each between a savepoint and the return to it;
    /// otherwise each has its own, and so has what may have failed by what earlier ones drew. What
    /// passes costs one round trip for all. Counts what is drawn from the unshielded sequences: those
    /// that the draft was seen to reach, and those that turn up.
    func carryOut(
        _ draft: RowDraft,
        _ trials: [PreparedTrial],
        _ shields: [Shield],
        unshielded: [Relation],
        _ isolation: String?
    ) throws(PostgresError) -> [AttemptStep] {
        countDraws(of: draft.row.relation)
        var steps: [AttemptStep] = []
        var start = 0
        // The first trial of the transaction that is open.
        var head = 0
        var prepared: Set<OID> = []
        while start < trials.count {
            let isContinuing = start > head && !shields.isEmpty
            let script = try script(
                draft,
                trials,
                from: start,
                shields,
                isolation,
                isContinuing: isContinuing,
                rollsBack: connection.isInTransaction
            )
            let answer = try script.send(over: connection)
            let seen = Observations(answer)
            for drawn in seen.prepared {
                count(drawn.compactMap { context.snapshot.relations[$0] })
                prepared = drawn
            }
            let end = answer.failure.map { $0.purpose.trial ?? start } ?? trials.count
            for index in start..<max(start, end) {
                let drawn = drawn(by: index, seen, unshielded, prepared)
                count(drawn)
                let gone = drawn.first ?? prepared.first.flatMap { context.snapshot.relations[$0] }
                try keepPlan(of: trials[index], draft, shields, isolation, stoppedAt: nil)
                if let gone, context.options.sequences == .preserve {
                    steps.append(.finished(unforeseen(gone, trials[index].pending.trial)))
                } else {
                    steps.append(verdict(on: index, of: trials, seen, draft))
                }
            }
            guard let (purpose, error) = answer.failure else { return steps }
            if context.stop.isRequested { throw .connectionLost("interrupted") }
            if let trial = purpose.trial, trial > head, !shields.isEmpty,
                isPossiblyOfDrawnValue(error)
            {
                if isDrawnByThen(purpose, error) { count(unshielded) }
                try endTransaction()
                (start, head) = (trial, trial)
                continue
            }
            let stopped = purpose.trial.map { [trials[$0]] } ?? trials[start...]
            let ordinal = answer.succeeded.count { $0.purpose == purpose }
            for prepared in stopped {
                try keepPlan(of: prepared, draft, shields, isolation, stoppedAt: (purpose, ordinal))
            }
            switch purpose {
            case .frame, .preparation:
                try endTransaction()
                throw .server(error)
            case .gate, .grant:
                try endTransaction()
                rehearsal?.failure = (purpose, error)
                throw .server(error)
            case .shield(let index):
                try endTransaction()
                return steps + [.shieldFailed(index, error)]
            case .scaffold(let index):
                count(unshielded.filter(reached(by: draft.scaffold.prefix(index + 1))))
                try endTransaction()
                return steps + [.scaffoldFailed(index, error)]
            case .follower(_, let index):
                count(unshielded)
                try endTransaction()
                return steps + [.scaffoldFailed(index, error)]
            case .ownRow:
                count(unshielded)
                try endTransaction()
                return steps + [.rowFailed(error)]
            case .role(let trial):
                steps.append(.finished(roleRefused(trials[trial].pending, error)))
            case .forceScaffold(let trial) where error.context != nil:
                // The scaffold's own triggers ran as the connecting role: no word against the role.
                count(unshielded)
                try endTransaction()
                return steps + [
                    .scaffoldRefused(scaffoldRefused(trials[trial].pending, error), error)
                ]
            case .statement, .force, .forceScaffold, .identity:
                if isDrawnByThen(purpose, error) { count(unshielded) }
                let isForcing = if case .statement = purpose { false } else { true }
                steps.append(.stopped(error, isForcing: isForcing))
                // The row may have to change for all that follow, but not for a missing privilege.
                if error.sqlState != .insufficientPrivilege
                    || error.sourceFunction == "ExecWithCheckOptions"
                {
                    try endTransaction()
                    return steps
                }
            }
            start = (purpose.trial ?? trials.count) + 1
        }
        try endTransaction()
        return steps
    }

    /// Whether the error may be that of a value which a shielded sequence would not have given without
    /// the trials before: to return to a savepoint gives none back.
    private func isPossiblyOfDrawnValue(_ error: ServerError) -> Bool {
        ["22", "23", "P0"].contains(error.sqlState.conditionClass)
    }

    /// Whether what was stopped had drawn from its sequences by then.
    private func isDrawnByThen(_ purpose: TrialScript.Purpose, _ error: ServerError) -> Bool {
        if case .statement = purpose { isBeyondDefaults(error) } else { true }
    }

    /// Whether the error came after the defaults were computed.
    func isBeyondDefaults(_ error: ServerError) -> Bool {
        switch error.sqlState.conditionClass {
        case "23", "P0": true
        default: error.sourceFunction == "ExecWithCheckOptions" || error.context != nil
        }
    }

    /// Tells the sequences that the triggers of scaffold rows may draw from.
    private func reached(by scaffold: some Sequence<RowDraft.Row>) -> (Relation) -> Bool {
        let reached = scaffold.map(\.relation.oid).filter(context.reach.runsCode)
            .flatMap { context.reach.sequences(of: $0) }
        return { sequence in reached.contains { $0.oid == sequence.oid } }
    }

    /// Judges a trial that went all the way.
    func verdict(
        on index: Int,
        of trials: [PreparedTrial],
        _ seen: Observations,
        _ draft: RowDraft
    ) -> AttemptStep {
        let (pending, statement) = (trials[index].pending, trials[index].statement)
        let role = pending.frame.effective.name
        let operation = pending.trial.operation
        if let placed = seen.placed[index], placed != 1 { return .rowFailed(nil) }
        let vacuity = vacuity(of: pending.frame, on: draft.row.relation)
        var record = Record(
            trial: pending.trial,
            verdict: .passed,
            reason: vacuity ?? statement.remark
                ?? (operation.bringsRow ? remark(onVacancyIn: draft) : nil),
            stage: operation == .select || operation == .selectForUpdate ? nil : .deferred
        )
        record.isVacuous = vacuity != nil
        if let distrusted = distrusted(record, seen, index, as: role) {
            return .finished(distrusted)
        }
        if statement.mustFindRow {
            return seen.affected[index] == 1
                ? .finished(record) : withoutRow(trials[index], record, draft)
        }
        let unseen = unseen(trials[index], draft)
        // That no policy lets any row through is certain, whatever else is in doubt.
        if let unseen, statement.doubt == nil || unseen.problem == .rowSecurity {
            return .finished(unseen)
        }
        if let doubt = statement.doubt {
            record.verdict = .inconclusive
            record.problem = .inconclusive
            record.stage = nil
            record.reason = doubt
        }
        return .finished(record)
    }

    /// What is to be said of a statement that went through as another role than the one on trial;
    /// `nil` if it was that role all the time.
    func distrusted(
        _ passed: Record,
        _ seen: Observations,
        _ index: Int,
        as role: String
    ) -> Record? {
        var record = passed
        if seen.switched[index] != role {
            record.verdict = .error
            record.problem = .detectorFailed
            record.reason = "the role was not really switched"
            return record
        }
        guard let users = seen.users[index], users != [role] else { return nil }
        record.verdict = .inconclusive
        record.problem = .inconclusive
        record.reason =
            "TriggerRule: code that the statement sets off changed the role in the "
            + "middle, so what came after it proves nothing"
        return record
    }

    /// Judges a statement that succeeded without its row.
    private func withoutRow(
        _ prepared: PreparedTrial,
        _ record: Record,
        _ draft: RowDraft
    ) -> AttemptStep {
        var record = record
        let operation = prepared.pending.trial.operation
        let isQuery = operation == .select || operation == .selectForUpdate
        record.verdict = .inconclusive
        record.problem = .inconclusive
        record.stage = .beforeTriggers
        record.reason =
            "TriggerRule: a trigger or rule swallowed the row; the \(operation.noun) "
            + "succeeded without it"
        guard operation.needsRow else { return .swallowed(record) }
        let attempt = prepared.attempt(on: draft.row.relation, isForcing: false)
        guard let judgement = context.access.judgeFiltered(attempt) else {
            if isQuery || prepared.statement.picksExistingRow {
                record.stage = nil
                record.reason = "the row that was there was not found again"
            }
            return .swallowed(record)
        }
        guard !prepared.statement.picksExistingRow else {
            record.stage = .rowSecurity
            record.reason =
                "row security hides the row that is there, and no row of our own could be put in place"
            return .finished(record)
        }
        guard isPlacedByStandIn(prepared, on: draft.row.relation), !isClosed(prepared, draft) else {
            let tried = described(prepared.pending.trial, draft)
            return .filtered(self.record(of: judgement, for: prepared.pending, tried: tried))
        }
        // A role under policies of its own could not put any row there.
        record.stage = .rowSecurity
        record.reason =
            "row security hides the row that could be put in place; SET membership in the owner "
            + "\(ownerName(of: draft.row.relation)) would allow another"
        return .filtered(record)
    }

    private func ownerName(of relation: Relation) -> String {
        Identifier.displayed(context.snapshot.roleName(relation.owner))
    }

    /// Whether the row was put in place by a role to whom its policies apply.
    private func isPlacedByStandIn(_ prepared: PreparedTrial, on relation: Relation) -> Bool {
        guard case .own(_, let inserter?) = prepared.statement.row else { return false }
        return inserter != context.snapshot.roleName(relation.owner)
    }

    /// Whether no policy lets the role any row through, whichever it is.
    private func isClosed(_ prepared: PreparedTrial, _ draft: RowDraft) -> Bool {
        context.access.isClosedByPolicy(
            prepared.pending.trial.operation,
            context.access.principal(prepared.pending.frame.effective.oid),
            on: draft.row.relation
        )
    }

    /// What is to be said of a statement that went through without a row to see, where row security
    /// may have hidden all; `nil` if nothing can have been hidden.
    private func unseen(_ prepared: PreparedTrial, _ draft: RowDraft) -> Record? {
        let relation = draft.row.relation
        let attempt = prepared.attempt(on: relation, isForcing: false)
        guard context.snapshot.obstacle(to: .insert, on: relation) == nil,
            let judgement = context.access.judgeFiltered(attempt)
        else { return nil }
        let tried = described(prepared.pending.trial, draft)
        var record = self.record(of: judgement, for: prepared.pending, tried: tried)
        guard !isClosed(prepared, draft) else { return record }
        record.verdict = .inconclusive
        record.problem = .inconclusive
        record.reason = "no row could be put in place, and row security may hide what is there"
        if !context.snapshot.canSetRole(context.user.role, to: relation.owner) {
            record.reason? +=
                "; SET membership in the owner \(ownerName(of: relation)) would allow it"
        }
        return record
    }

    /// The unshielded sequences that one trial drew from: what the server saw, or else what was
    /// foreseen.
    private func drawn(
        by trial: Int,
        _ seen: Observations,
        _ unshielded: [Relation],
        _ prepared: Set<OID>
    ) -> [Relation] {
        guard let drawn = seen.drawn[trial] else { return unshielded }
        // Of what the scaffold drew from already, the trial can only be thought to draw again.
        return drawn.filter { oid in
            !prepared.contains(oid) || unshielded.contains { $0.oid == oid }
        }
        .sorted().compactMap { context.snapshot.relations[$0] }
    }

    /// Under `preserve` a value that is gone is an error, also if it could not be foreseen.
    func unforeseen(_ sequence: Relation, _ trial: Trial) -> Record {
        Record(
            trial: trial,
            verdict: .error,
            reason:
                "code that the statement sets off drew from the sequence \(sequence.objectName.displayed), "
                + "which could not be foreseen: a value of it is gone",
            problem: .locked
        )
    }

    private func vacuity(of frame: RoleFrame, on relation: Relation) -> String? {
        if let vacuity = frame.vacuity { return vacuity }
        guard relation.hasRowSecurity, frame.effective.bypassesRowSecurity else { return nil }
        return "vacuous: the role bypasses row security, which the relation has"
    }

    func roleRefused(_ pending: PendingTrial, _ error: ServerError) -> Record {
        Record(
            trial: pending.trial,
            verdict: .error,
            reason: "the role could not be put on any more",
            problem: error.obstacle ?? .setRole,
            sqlState: error.sqlState.code,
            message: error.message
        )
    }

    private func scaffoldRefused(_ pending: PendingTrial, _ error: ServerError) -> Record {
        Record(
            trial: pending.trial,
            verdict: .inconclusive,
            reason: "a deferred trigger of a scaffolded parent refused the parent's row",
            problem: .inconclusive,
            stage: .deferred,
            sqlState: error.sqlState.code,
            message: error.message
        )
    }
}
