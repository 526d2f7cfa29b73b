internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// What one attempt at one trial came to.
struct AttemptStep: Sendable {
    enum Outcome: Sendable {
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

    let outcome: Outcome
    /// The unshielded sequences that the attempt drew from; `nil` for all that a default reaches.
    let drawn: Set<OID>?
}

extension LaneRunner {
    /// Carries out one attempt at each trial, up to the first that needs another row.
    ///
    /// Shielded, all share one transaction, each between a savepoint and the return to it;
    /// otherwise each has its own. What passes costs one round trip for all.
    func carryOut(
        _ draft: RowDraft,
        _ trials: [PendingTrial],
        _ shields: [Shield],
        _ isolation: String?
    ) throws(PostgresError) -> [AttemptStep] {
        var steps: [AttemptStep] = []
        var start = 0
        while start < trials.count {
            let isContinuing = start > 0 && !shields.isEmpty
            let script = try script(draft, trials, from: start, shields, isolation, isContinuing)
            let answer = try script.send(over: connection)
            steps += passed(in: answer, draft, trials, from: start)
            guard let (purpose, error) = answer.failure else { return steps }
            if context.stop.isRequested { throw .connectionLost("interrupted") }
            switch purpose {
            case .frame:
                try connection.execute("ROLLBACK")
                throw .server(error)
            case .shield(let index):
                try connection.execute("ROLLBACK")
                return steps + [AttemptStep(outcome: .shieldFailed(index), drawn: [])]
            case .scaffold(let index):
                try connection.execute("ROLLBACK")
                return steps + [AttemptStep(outcome: .scaffoldFailed(index, error), drawn: [])]
            case .role(let trial):
                steps.append(
                    AttemptStep(outcome: .finished(roleRefused(trials[trial], error)), drawn: [])
                )
            case .forceScaffold(let trial) where error.context != nil:
                // The scaffold's own triggers ran as the connecting role: no word against the role.
                try connection.execute("ROLLBACK")
                let record = scaffoldRefused(trials[trial], error)
                return steps + [
                    AttemptStep(outcome: .scaffoldRefused(record, error), drawn: nil)
                ]
            case .statement, .force, .forceScaffold, .identity:
                let isForcing = if case .statement = purpose { false } else { true }
                steps.append(
                    AttemptStep(
                        outcome: .stopped(error, isForcing: isForcing),
                        drawn: isForcing || stageBeyondDefaults(error) ? nil : []
                    )
                )
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
    private func stageBeyondDefaults(_ error: ServerError) -> Bool {
        switch error.sqlState.conditionClass {
        case "23", "P0": true
        default: error.sourceFunction == "ExecWithCheckOptions" || error.context != nil
        }
    }

    private func script(
        _ draft: RowDraft,
        _ trials: [PendingTrial],
        from start: Int,
        _ shields: [Shield],
        _ isolation: String?,
        _ isContinuing: Bool
    ) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        let deferred = DeferredConstraints(for: draft, in: context.snapshot)
        let insert = try draft.row.insert(with: connection)
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
            if let named = deferred.named {
                if !named.isEmpty {
                    let list = try DeferredConstraints.list(named, with: connection)
                    script.add("SET CONSTRAINTS \(list) IMMEDIATE", for: .force(index))
                }
                if context.reach.runsCode(draft.row.relation.oid) {
                    script.add(Self.identityQuery, for: .identity(index))
                }
                script.add("SET LOCAL ROLE NONE", for: .forceScaffold(index))
                // Up to 17 they run as whoever forces them: as whoever made the rows.
                let maker = draft.scaffold.map(\.relation)
                    .filter { context.snapshot.deferredTriggers[$0.oid] != nil }
                    .lazy.compactMap(context.inserter).first
                if let maker {
                    let name = try connection.quoted(identifier: maker)
                    script.add("SET LOCAL ROLE \(name)", for: .forceScaffold(index))
                }
                script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .forceScaffold(index))
            } else {
                script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .force(index))
                if context.reach.runsCode(draft.row.relation.oid) {
                    script.add(Self.identityQuery, for: .identity(index))
                }
            }
            if shields.isEmpty {
                script.add("ROLLBACK")
            } else {
                script.add("ROLLBACK TO SAVEPOINT pgsmoke")
                script.add("RELEASE SAVEPOINT pgsmoke")
            }
        }
        if !shields.isEmpty { script.add("ROLLBACK") }
        return script
    }

    /// Opens a transaction: time limits, shields, scaffold.
    private func open(
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
        if !deferred.early.isEmpty {
            let list = try DeferredConstraints.list(deferred.early, with: connection)
            let last = draft.scaffold.count - 1
            script.add("SET CONSTRAINTS \(list) IMMEDIATE", for: .scaffold(last))
            script.add("SET CONSTRAINTS \(list) DEFERRED", for: .scaffold(last))
        }
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

    /// Reads the verdicts of the trials that went all the way.
    private func passed(
        in answer: TrialScript.Answer,
        _ draft: RowDraft,
        _ trials: [PendingTrial],
        from start: Int
    ) -> [AttemptStep] {
        var affected: [Int: Int] = [:]
        var users: [Int: String] = [:]
        var drawn: [Int: Set<OID>] = [:]
        var switched: [Int: String] = [:]
        for (purpose, count, row) in answer.succeeded {
            switch purpose {
            case .role(let index): switched[index] = row.last ?? ""
            case .statement(let index): affected[index] = count ?? 0
            case .identity(let index):
                users[index] = row.first ?? ""
                let sequences = (row.last ?? "")?.split(separator: " ") ?? []
                drawn[index] = Set(sequences.compactMap { OID($0) })
            default: break
            }
        }
        let end = answer.failure.map { $0.purpose.trial ?? start } ?? trials.count
        return (start..<max(start, end)).map { index in
            let pending = trials[index]
            let role = pending.frame.effective.name
            var record = Record(
                trial: pending.trial,
                verdict: .passed,
                reason: vacuity(of: pending.frame, on: draft.row.relation),
                stage: .deferred
            )
            if switched[index] != role {
                record.verdict = .error
                record.problem = .detectorFailed
                record.reason = "the role was not really switched"
            } else if let user = users[index], user != role {
                record.verdict = .inconclusive
                record.problem = .inconclusive
                record.reason =
                    "TriggerRule: code that the insert sets off changed the role in the "
                    + "middle, so what came after it proves nothing"
            } else if affected[index] != 1 {
                record.verdict = .inconclusive
                record.problem = .inconclusive
                record.stage = .beforeTriggers
                record.reason =
                    "TriggerRule: a trigger or rule swallowed the row; the insert "
                    + "succeeded without it"
                return AttemptStep(outcome: .swallowed(record), drawn: drawn[index])
            }
            return AttemptStep(outcome: .finished(record), drawn: drawn[index])
        }
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
