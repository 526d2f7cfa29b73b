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
        guard let statement = try draft.row.insertOfNothing(with: connection) else {
            return ([], trials)
        }
        let deferred = DeferredConstraints(
            for: draft,
            in: context.snapshot,
            inserter: context.inserter
        )
        for pending in trials {
            let start = ContinuousClock.now
            var script = TrialScript()
            try open(&script, draft, [], deferred, isolation)
            script.add(try pending.frame.lines(with: connection), for: .role(0))
            script.add(statement, for: .statement(0))
            script.add("ROLLBACK")
            let answer = try script.send(over: connection)
            keepPlan(of: pending, script, draft, stoppedAt: answer.failure?.purpose)
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            guard case (.statement, let error)? = answer.failure,
                error.sqlState == .insufficientPrivilege
            else {
                allowed.append(pending)
                continue
            }
            var record = stopped(pending, draft, error, isForcing: false).heldAgainstDenial()
            record.seconds = (ContinuousClock.now - start).seconds
            if record.verdict == .passed {
                records.append((pending.place, record))
            } else {
                allowed.append(pending)
            }
        }
        return (records, allowed)
    }
}
