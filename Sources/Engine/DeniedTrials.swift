internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Tries what must be denied with a statement that touches no row.
    ///
    /// Returns the records of the trials that the server refused, and the trials that a row must come
    /// into because it did not. Neither shield nor scaffold is needed, and no default is computed.
    func refusals(
        of trials: [PendingTrial],
        on relation: Relation,
        _ isolation: String?
    ) throws(PostgresError) -> (
        records: [(place: Int, record: Record)], allowed: [PendingTrial]
    ) {
        guard !trials.isEmpty else { return ([], []) }
        var records: [(place: Int, record: Record)] = []
        var allowed: [PendingTrial] = []
        var draft = draft(for: relation)
        draft.scaffold = []
        let deferred = deferredConstraints(for: draft)
        for pending in trials {
            guard let statement = try nothing(of: pending, draft) else {
                allowed.append(pending)
                continue
            }
            let start = ContinuousClock.now
            var script = TrialScript()
            try open(&script, draft, [], deferred, isolation)
            script.add(try pending.frame.lines(with: connection), for: .role(0))
            for line in statement.lines {
                script.add(line, for: .statement(0), copying: statement.copied)
            }
            script.add("ROLLBACK")
            let answer = try script.send(over: connection)
            keepPlan(
                of: pending,
                script,
                remarks: draft.remarks,
                stoppedAt: answer.failure.map { ($0.purpose, 0) }
            )
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            let prepared = PreparedTrial(pending: pending, statement: statement)
            var record: Record?
            if case (.statement, let error)? = answer.failure {
                if error.sqlState == .insufficientPrivilege {
                    record = stopped(prepared, draft, error, isForcing: false)
                }
            } else if answer.failure == nil {
                record = unstoppable(pending, on: relation)
            }
            guard var verdict = record?.heldAgainstDenial(),
                verdict.verdict == .passed || answer.failure == nil
            else {
                allowed.append(pending)
                continue
            }
            verdict.tried = PrintableText.line(statement.lines.joined(separator: "; "))
            verdict.seconds = (ContinuousClock.now - start).seconds
            records.append((pending.place, verdict))
        }
        return (records, allowed)
    }

    func nothing(
        of pending: PendingTrial,
        _ draft: RowDraft
    ) throws(PostgresError) -> TrialStatement? {
        let writer = try writer(for: pending, on: draft.row.relation)
        let operation = pending.trial.operation
        return operation.bringsRow
            ? try writer.bringing(draft.row, by: operation, isOfNothing: true)
            : try writer.pickingNothing(draft.row, operation)
    }

    /// What is known at once of a statement that no privilege stopped: where a row could not be picked
    /// by its key, the statement without a condition goes through.
    private func unstoppable(_ pending: PendingTrial, on relation: Relation) -> Record? {
        let operation = pending.trial.operation
        guard operation == .update || operation == .delete else { return nil }
        let user = context.access.principal(pending.frame.effective.oid)
        guard !context.access.canReadKey(user, of: relation),
            !context.access.isClosedByPolicy(operation, user, on: relation)
        else { return nil }
        return Record(
            trial: pending.trial,
            verdict: .passed,
            reason: "without a condition on the key, which would take SELECT"
        )
    }
}
