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
    /// The statement was refused, or the forcing of what it left deferred.
    case stopped(ServerError, isForcing: Bool)
    /// A deferred trigger of the scaffold refused it; the verdict, should no other row fare better.
    case scaffoldRefused(Record, ServerError)
    case shieldFailed(Int)
    case scaffoldFailed(Int, ServerError)
}

extension LaneRunner {
    /// Carries out one attempt at each trial, up to the first that needs another row.
    ///
    /// Shielded, all share one transaction, each between a savepoint and the return to it;
    /// otherwise each has its own. What passes costs one round trip for all. Counts what is drawn from
    /// the unshielded sequences: those that the draft was seen to reach, and those that turn up.
    func carryOut(
        _ draft: RowDraft,
        _ trials: [PendingTrial],
        _ shields: [Shield],
        unshielded: [Relation],
        _ isolation: String?
    ) throws(PostgresError) -> [AttemptStep] {
        var steps: [AttemptStep] = []
        var start = 0
        var prepared: Set<OID> = []
        while start < trials.count {
            let isContinuing = start > 0 && !shields.isEmpty
            let script = try script(
                draft,
                trials,
                from: start,
                shields,
                isolation,
                isContinuing: isContinuing
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
                    steps.append(.finished(unforeseen(gone, trials[index].trial)))
                } else {
                    steps.append(verdict(on: index, of: trials, seen, draft))
                }
            }
            guard let (purpose, error) = answer.failure else { return steps }
            if context.stop.isRequested { throw .connectionLost("interrupted") }
            let stopped = purpose.trial.map { [trials[$0]] } ?? trials[start...]
            for pending in stopped {
                try keepPlan(of: pending, draft, shields, isolation, stoppedAt: purpose)
            }
            switch purpose {
            case .frame, .preparation:
                try connection.execute("ROLLBACK")
                throw .server(error)
            case .gate, .grant:
                try connection.execute("ROLLBACK")
                rehearsal?.failure = (purpose, error)
                throw .server(error)
            case .shield(let index):
                try connection.execute("ROLLBACK")
                return steps + [.shieldFailed(index)]
            case .scaffold(let index):
                count(unshielded.filter(reached(by: draft.scaffold.prefix(index + 1))))
                try connection.execute("ROLLBACK")
                return steps + [.scaffoldFailed(index, error)]
            case .role(let trial):
                steps.append(.finished(roleRefused(trials[trial], error)))
            case .forceScaffold(let trial) where error.context != nil:
                // The scaffold's own triggers ran as the connecting role: no word against the role.
                count(unshielded)
                try connection.execute("ROLLBACK")
                return steps + [.scaffoldRefused(scaffoldRefused(trials[trial], error), error)]
            case .statement, .force, .forceScaffold, .identity:
                let isForcing = if case .statement = purpose { false } else { true }
                if isForcing || isBeyondDefaults(error) { count(unshielded) }
                steps.append(.stopped(error, isForcing: isForcing))
                // The row may have to change for all that follow, but not for a missing privilege.
                if error.sqlState != .insufficientPrivilege
                    || error.sourceFunction == "ExecWithCheckOptions"
                {
                    try connection.execute("ROLLBACK")
                    return steps
                }
            }
            start = (purpose.trial ?? trials.count) + 1
        }
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        return steps
    }

    /// Whether the error came after the defaults were computed.
    private func isBeyondDefaults(_ error: ServerError) -> Bool {
        switch error.sqlState.conditionClass {
        case "23", "P0": true
        default: error.sourceFunction == "ExecWithCheckOptions" || error.context != nil
        }
    }

    /// Tells the sequences that the triggers of scaffold rows may draw from.
    private func reached(by scaffold: some Sequence<RowDraft.Row>) -> (Relation) -> Bool {
        let reached = scaffold.map(\.relation.oid).filter(context.reach.runsCode)
            .flatMap(context.reach.sequences(of:))
        return { sequence in reached.contains { $0.oid == sequence.oid } }
    }

    /// Writes the trials from `start` on as one script.
    func script(
        _ draft: RowDraft,
        _ trials: [PendingTrial],
        from start: Int,
        _ shields: [Shield],
        _ isolation: String?,
        isContinuing: Bool
    ) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        let deferred = DeferredConstraints(
            for: draft,
            in: context.snapshot,
            inserter: context.inserter
        )
        let insert = try draft.row.insert(with: connection)
        let runsCode = context.reach.runsCode(draft.row.relation.oid)
        if isContinuing {
            script.add("ROLLBACK TO SAVEPOINT pgsmoke")
            script.add("RELEASE SAVEPOINT pgsmoke")
        } else {
            if connection.isInTransaction { script.add("ROLLBACK") }
            if !shields.isEmpty { try open(&script, draft, shields, deferred, isolation) }
        }
        for index in start..<trials.count {
            if shields.isEmpty {
                try open(&script, draft, [], deferred, isolation)
            } else {
                script.add("SAVEPOINT pgsmoke")
            }
            script.add(try trials[index].frame.lines(with: connection), for: .role(index))
            script.add(insert, for: .statement(index))
            if deferred.named != nil {
                let named = deferred.named(within: trials[index].frame.effective, context)
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
            if shields.isEmpty {
                script.add("ROLLBACK")
            } else {
                script.add("ROLLBACK TO SAVEPOINT pgsmoke")
                script.add("RELEASE SAVEPOINT pgsmoke")
            }
        }
        if !shields.isEmpty { script.add("ROLLBACK") }
        try rehearsal?.enter(&script, with: connection)
        return script
    }

    /// Opens a transaction: time limits, shields, scaffold.
    func open(
        _ script: inout TrialScript,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ deferred: DeferredConstraints,
        _ isolation: String?
    ) throws(PostgresError) {
        let options = context.options
        let isShielded = !shields.isEmpty
        let lockTimeout =
            isShielded ? min(Shield.trialPatience, options.lockTimeout) : options.lockTimeout
        let statementTimeout =
            isShielded ? min(Shield.trialTime, options.statementTimeout) : options.statementTimeout
        script.add("BEGIN\(isolation.map { " ISOLATION LEVEL \($0)" } ?? "") READ WRITE")
        var settings = [
            "lock_timeout": String(lockTimeout),
            "statement_timeout": String(statementTimeout),
            "idle_in_transaction_session_timeout": "10000",
            "synchronous_commit": "off",
        ]
        if context.snapshot.server.version >= 170_000 {
            settings["transaction_timeout"] = String(max(60_000, options.statementTimeout * 2))
        }
        if context.snapshot.server.canSilenceStatistics {
            settings["pg_stat_statements.track"] = "none"
        }
        let calls = settings.sorted { $0.key < $1.key }
            .map { "pg_catalog.set_config('\($0.key)', '\($0.value)', true)" }
        script.add("SELECT \(calls.joined(separator: ", "))")
        for (index, shield) in shields.enumerated() {
            let lines = try shield.lines(with: connection, lockTimeout: lockTimeout)
            script.add(lines, for: .shield(index))
        }
        if draft.defersConstraints { script.add("SET CONSTRAINTS ALL DEFERRED") }
        let usesReplicaMode =
            draft.needsReplicaMode && context.mayUseReplicaMode && !draft.scaffold.isEmpty
        if usesReplicaMode { script.add("SET LOCAL session_replication_role = replica") }
        for step in draft.scaffoldSteps {
            let index = step.upperBound - 1
            let owner = context.inserter(draft.scaffold[index].relation)
            if let owner {
                let name = try connection.quoted(identifier: owner)
                script.add("SET LOCAL ROLE \(name)", for: .scaffold(index))
            }
            script.add(try draft.insert(step, with: connection), for: .scaffold(index))
            if owner != nil { script.add("SET LOCAL ROLE NONE", for: .scaffold(index)) }
        }
        if usesReplicaMode { script.add("SET LOCAL session_replication_role = origin") }
        if let clearing = try draft.clearing(with: connection) {
            let last = draft.scaffold.count - 1
            let owner = context.clearer(draft.row.relation)
            if let owner {
                let name = try connection.quoted(identifier: owner)
                script.add("SET LOCAL ROLE \(name)", for: .scaffold(last))
            }
            script.add(clearing, for: .scaffold(last))
            if owner != nil { script.add("SET LOCAL ROLE NONE", for: .scaffold(last)) }
        }
        let early = try deferred.earlyLines(with: connection)
        script.add(early, for: .scaffold(draft.scaffold.count - 1))
        let setsOffCode =
            isShielded && context.snapshot.server.hasEventTriggers
            || draft.scaffold.contains { context.reach.runsCode($0.relation.oid) }
        if setsOffCode { script.add(Self.identityQuery, for: .preparation) }
    }

    /// Asks who is at work, and which sequences the transaction has drawn from: `nextval` keeps its
    /// lock to the end, and the shield's is of another mode.
    private static let identityQuery = """
        SELECT current_user,
               (SELECT pg_catalog.string_agg(l.relation::pg_catalog.text, ' ')
                  FROM pg_catalog.pg_locks AS l
                  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind = 'S'
                 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.mode = 'RowExclusiveLock'
                   AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks AS s
                                    WHERE s.relation = l.relation AND s.pid = l.pid
                                      AND s.mode = 'ShareRowExclusiveLock'))
        """

    /// Judges a trial that went all the way.
    private func verdict(
        on index: Int,
        of trials: [PendingTrial],
        _ seen: Observations,
        _ draft: RowDraft
    ) -> AttemptStep {
        let pending = trials[index]
        let role = pending.frame.effective.name
        let vacuity = vacuity(of: pending.frame, on: draft.row.relation)
        var record = Record(
            trial: pending.trial,
            verdict: .passed,
            reason: vacuity,
            stage: .deferred
        )
        record.isVacuous = vacuity != nil
        if seen.switched[index] != role {
            record.verdict = .error
            record.problem = .detectorFailed
            record.reason = "the role was not really switched"
        } else if let user = seen.users[index], user != role {
            record.verdict = .inconclusive
            record.problem = .inconclusive
            record.reason =
                "TriggerRule: code that the insert sets off changed the role in the "
                + "middle, so what came after it proves nothing"
        } else if seen.affected[index] != 1 {
            record.verdict = .inconclusive
            record.problem = .inconclusive
            record.stage = .beforeTriggers
            record.reason =
                "TriggerRule: a trigger or rule swallowed the row; the insert "
                + "succeeded without it"
            return .swallowed(record)
        }
        return .finished(record)
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
    private func unforeseen(_ sequence: Relation, _ trial: Trial) -> Record {
        Record(
            trial: trial,
            verdict: .error,
            reason:
                "code that the insert sets off drew from the sequence \(sequence.objectName.displayed), "
                + "which could not be foreseen: a value of it is gone",
            problem: .locked
        )
    }

    private func vacuity(of frame: RoleFrame, on relation: Relation) -> String? {
        if let vacuity = frame.vacuity { return vacuity }
        guard relation.hasRowSecurity, frame.effective.bypassesRowSecurity else { return nil }
        return "vacuous: the role bypasses row security, which the relation has"
    }

    private func roleRefused(_ pending: PendingTrial, _ error: ServerError) -> Record {
        Record(
            trial: pending.trial,
            verdict: .error,
            reason: "the role could not be put on any more",
            problem: .setRole,
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

/// What the server told in the course of a script.
private struct Observations {
    /// The rows that each trial's statement affected.
    var affected: [Int: Int] = [:]
    /// The role that each trial put on.
    var switched: [Int: String] = [:]
    /// The role that was at work when the trial's code had run.
    var users: [Int: String] = [:]
    /// The unshielded sequences that the transaction had drawn from by then.
    var drawn: [Int: Set<OID>] = [:]
    /// Those that it had drawn from before its first trial, for each transaction.
    var prepared: [Set<OID>] = []

    init(_ answer: TrialScript.Answer) {
        for (purpose, count, row) in answer.succeeded {
            switch purpose {
            case .role(let index): switched[index] = row.last ?? ""
            case .statement(let index): affected[index] = count ?? 0
            case .identity(let index):
                users[index] = row.first ?? ""
                drawn[index] = Self.sequences(row)
            case .preparation: prepared.append(Self.sequences(row))
            default: break
            }
        }
    }

    private static func sequences(_ row: [String?]) -> Set<OID> {
        Set(((row.last ?? nil) ?? "").split(separator: " ").compactMap { OID($0) })
    }
}
