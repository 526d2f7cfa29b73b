internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Writes the trials from `start` on as one script, that of a transaction or, shielded, what goes
    /// on in the one that is open.
    func script(
        _ draft: RowDraft,
        _ trials: [PreparedTrial],
        from start: Int = 0,
        _ shields: [Shield],
        _ isolation: String?,
        isContinuing: Bool = false,
        rollsBack: Bool = false
    ) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        let deferred = deferredConstraints(for: draft)
        if isContinuing {
            script.add(Self.returning)
        } else {
            if rollsBack { script.add("ROLLBACK") }
            if !shields.isEmpty {
                try open(&script, draft, shields, deferred, isolation, for: trials[start])
            }
        }
        for index in start..<trials.count {
            if shields.isEmpty {
                try open(&script, draft, [], deferred, isolation, for: trials[index])
            } else {
                script.add(Self.savepoint)
            }
            try add(
                trials[index],
                at: index,
                to: &script,
                draft,
                deferred,
                within: limits(behind: shields)
            )
            script.add(shields.isEmpty ? ["ROLLBACK"] : Self.returning)
        }
        if !shields.isEmpty { script.add("ROLLBACK") }
        try rehearsal?.enter(&script, with: connection)
        return script
    }

    /// Writes the trials of one row for a transaction that is open, behind a savepoint of the name that
    /// `goingBack` leads to, and with its shields up.
    func script(
        inside limits: TimeLimits,
        _ draft: RowDraft,
        _ trials: [PreparedTrial]
    ) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        let deferred = deferredConstraints(for: draft)
        let isPrepared = !draft.scaffold.isEmpty || draft.defersConstraints
        // What several trials share stands behind a savepoint of its own.
        let sharesPreparation = isPrepared && trials.count > 1
        if isPrepared { try prepare(&script, draft, lockTimeout: limits.lock, deferred) }
        for index in trials.indices {
            if sharesPreparation { script.add(Self.savepoint) }
            try add(trials[index], at: index, to: &script, draft, deferred, within: limits)
            script.add(sharesPreparation ? Self.returning : [Self.goingBack])
        }
        if sharesPreparation { script.add(Self.goingBack) }
        return script
    }

    static let savepoint = "SAVEPOINT pgsmoke"
    static let goingBack = "ROLLBACK TO SAVEPOINT pgsmoke"
    static let release = "RELEASE SAVEPOINT pgsmoke"

    /// What leads back to a savepoint; a savepoint that stays would make every later one dearer.
    private static let returning = [goingBack, release]

    func deferredConstraints(for draft: RowDraft) -> DeferredConstraints {
        DeferredConstraints(for: draft, in: context.snapshot, inserter: context.inserter)
    }

    /// Writes what one trial does under its role.
    private func add(
        _ trial: PreparedTrial,
        at index: Int,
        to script: inout TrialScript,
        _ draft: RowDraft,
        _ deferred: DeferredConstraints,
        within limits: TimeLimits
    ) throws(PostgresError) {
        let (pending, statement) = (trial.pending, trial.statement)
        var limits = limits
        let runsCode =
            ([draft.row] + draft.following.map { draft.scaffold[$0] })
            .contains { context.reach.runsCode($0.relation.oid) } || setsOffEventTriggers
        try placeRow(of: statement, &script, index)
        // What code has made for rows put in place belongs to the wrong role.
        if draft.discardsTemporaryTables { script.add("DISCARD TEMP") }
        if let limit = statement.timeLimit, limit < limits.statement {
            limits.statement = limit
            script.add("SET LOCAL statement_timeout = \(limit)")
        }
        let frame = pending.frame.within(limits)
        script.add(try frame.lines(with: connection), for: .role(index))
        for line in statement.lines {
            script.add(line, for: .statement(index), copying: statement.copied)
        }
        if pending.trial.operation.bringsRow, !draft.following.isEmpty {
            if runsCode { script.add(Self.identityQuery, for: .identity(index)) }
            try placeFollowers(of: draft, &script, index, back: pending.frame.effective.name)
        }
        if !statement.leavesDeferred(by: pending.trial.operation) {
            if runsCode { script.add(Self.identityQuery, for: .identity(index)) }
        } else if deferred.named != nil {
            let named = deferred.named(within: pending.frame.effective, context)
            if !named.isEmpty {
                let list = try DeferredConstraints.list(named, with: connection)
                script.add("SET CONSTRAINTS \(list) IMMEDIATE", for: .force(index))
            }
            if runsCode { script.add(Self.identityQuery, for: .identity(index)) }
            script.add(try deferred.lastLines(with: connection), for: .forceScaffold(index))
        } else {
            script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .force(index))
            if runsCode { script.add(Self.identityQuery, for: .identity(index)) }
        }
    }

    /// Whether the grants of a proof set code off.
    private var setsOffEventTriggers: Bool {
        rehearsal?.grants.isEmpty == false && context.snapshot.server.hasEventTriggers
    }

    /// Puts the row in place that a statement picks.
    private func placeRow(
        of statement: TrialStatement,
        _ script: inout TrialScript,
        _ index: Int
    ) throws(PostgresError) {
        guard case .own(let lines, let inserter) = statement.row else { return }
        if let inserter {
            let name = try connection.quoted(identifier: inserter)
            script.add("SET LOCAL ROLE \(name)", for: .ownRow(index))
        }
        script.add(lines, for: .ownRow(index))
        if inserter != nil { script.add("SET LOCAL ROLE NONE", for: .ownRow(index)) }
    }

    /// Opens a transaction: time limits, shields, the surroundings of the trial and all that share it,
    /// scaffold.
    func open(
        _ script: inout TrialScript,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ deferred: DeferredConstraints,
        _ isolation: String?,
        for trial: PreparedTrial? = nil
    ) throws(PostgresError) {
        try open(&script, behind: shields, isolation)
        // A pooler may lend the session to others between two transactions.
        if context.reach.asksSession(draft.row.relation.oid) { script.add("DISCARD SEQUENCES") }
        if let trial, !draft.scaffold.isEmpty || trial.statement.placesRow,
            let line = try surroundings(of: trial.pending.frame).line(with: connection)
        {
            script.add(line)
        }
        try prepare(&script, draft, lockTimeout: limits(behind: shields).lock, deferred)
        let setsOffCode =
            !shields.isEmpty && context.snapshot.server.hasEventTriggers
            || draft.scaffold.contains { context.reach.runsCode($0.relation.oid) }
            || (draft.vacancy.map { context.reach.runsCode($0.row.relation.oid) } ?? false)
        if setsOffCode { script.add(Self.identityQuery, for: .preparation) }
    }

    /// Puts the scaffold in place, and takes away what the tried row replaces.
    private func prepare(
        _ script: inout TrialScript,
        _ draft: RowDraft,
        lockTimeout: Int,
        _ deferred: DeferredConstraints
    ) throws(PostgresError) {
        if draft.defersConstraints { script.add("SET CONSTRAINTS ALL DEFERRED") }
        let usesReplicaMode =
            draft.needsReplicaMode && context.mayUseReplicaMode && !draft.scaffold.isEmpty
        if usesReplicaMode { script.add("SET LOCAL session_replication_role = replica") }
        for step in draft.leadingSteps {
            let index = step.upperBound - 1
            script.add(try lines(of: step, in: draft), for: .scaffold(index))
        }
        if usesReplicaMode { script.add("SET LOCAL session_replication_role = origin") }
        let clearing = try clearingLines(draft, lockTimeout: lockTimeout)
        script.add(clearing, for: .scaffold(draft.scaffold.count - 1))
        let early = try deferred.earlyLines(with: connection)
        script.add(early, for: .scaffold(draft.scaffold.count - 1))
    }

    /// Asks who is at work, and which sequences the transaction has drawn from: `nextval` keeps its
    /// lock to the end, and the shield's is of another mode.
    static let identityQuery = """
        SELECT current_user,
               (SELECT pg_catalog.string_agg(l.relation::pg_catalog.text, ' ')
                  FROM pg_catalog.pg_locks AS l
                  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind = 'S'
                 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.mode = 'RowExclusiveLock'
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks AS s
                                    WHERE s.relation = l.relation AND s.pid = l.pid
                                      AND s.mode = 'ShareRowExclusiveLock'))
        """
}
