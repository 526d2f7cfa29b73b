internal import Access
internal import Catalog
internal import Postgres
internal import Trials

extension Runner {
    /// Carries out the calls that the user has written, one after another; routines without one were
    /// decided by the catalog.
    func callRoutines(
        _ gathered: inout Gathered,
        _ trials: [Trial],
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        guard !context.declarations.calls.isEmpty else { return }
        let calls = context.snapshot.routines.values.filter {
            context.declarations.calls[$0.oid] != nil
        }
        for (place, trial) in trials.enumerated()
        where trial.operation == .execute && stop.reason == nil {
            guard let routine = calls.first(where: { $0.objectName == trial.object }),
                let call = context.declarations.calls[routine.oid],
                case .ready(let frame)? = context.frames[trial.role]
            else { continue }
            guard frame.isDetectorProven else {
                gathered.records[place] = LaneRunner.detectorFailed(trial)
                continue
            }
            let start = ContinuousClock.now
            var routineTrial = RoutineTrial(
                context: context,
                connection: connection,
                trial: trial,
                frame: frame,
                routine: routine,
                call: call
            )
            var record = try routineTrial.record()
            record.seconds = (ContinuousClock.now - start).seconds
            gathered.records[place] = record
            gathered.add(routineTrial.drawn, in: context.snapshot)
            gathered.plans[place] = PlannedTrial(
                name: trial.name,
                statements: routineTrial.sent.filter { $0 != "ROLLBACK" }
            )
        }
    }
}

/// One call of a routine under a role, rolled back; what a denial lacks is granted and tried.
private struct RoutineTrial {
    let context: RunContext
    let connection: Connection
    let trial: Trial
    let frame: RoleFrame
    let routine: Routine
    let call: Declarations.Value
    /// How often sequences were drawn from, as far as their locks tell.
    private(set) var drawn: [OID: Int] = [:]
    /// The statements of the first try.
    private(set) var sent: [String] = []

    init(
        context: RunContext,
        connection: Connection,
        trial: Trial,
        frame: RoleFrame,
        routine: Routine,
        call: Declarations.Value
    ) {
        self.context = context
        self.connection = connection
        self.trial = trial
        self.frame = frame
        self.routine = routine
        self.call = call
    }

    /// Calls the routine and holds what became of it against the expectation.
    mutating func record() throws(PostgresError) -> Record {
        let answer = try attempt(after: [])
        var record = Record(
            trial: trial,
            verdict: .passed,
            reason: frame.vacuity,
            tried: PrintableText.line(RoutineCall(call, of: routine).sql)
        )
        record.isVacuous = frame.vacuity != nil
        guard let (purpose, failure) = answer.failure else {
            return checked(record, Observations(answer)).heldAgainstDenial()
        }
        guard case .statement = purpose.ofCall else {
            record.verdict = .error
            record.problem = .setRole
            record.reason = "the role could not be put on any more"
            record.message = failure.message
            return record
        }
        let judgement = context.access.judge(failure, ofCalling: routine, by: frame.effective)
        record.isVacuous = false
        record.verdict = judgement.verdict
        record.reason = judgement.reason
        record.problem = judgement.problem
        record.sqlState = failure.sqlState.code
        record.message = failure.message
        record.missing = judgement.missing
        if trial.expected == .allowed, context.options.provesCures, judgement.verdict == .failed {
            try cure(&record, judgement)
        }
        return record.heldAgainstDenial()
    }

    /// Grants what is lacking until the call goes through.
    private mutating func cure(
        _ record: inout Record,
        _ judgement: Judgement
    ) throws(PostgresError) {
        var grants: [PlannedGrant] = []
        var judgement = judgement
        var isProven = false
        while grants.count < 8,
            let missing = (judgement.missing + judgement.suspects).first(where: { missing in
                !grants.contains { $0.missing == missing }
            })
        {
            let grantors = context.access.grantors(of: missing, for: context.user)
            guard let grantor = grantors.usable.first ?? grantors.names.first else { break }
            grants.append(PlannedGrant(missing: missing, grant: missing, grantor: grantor))
            guard !grantors.usable.isEmpty else { break }
            guard let (purpose, failure) = try attempt(after: grants).failure else {
                isProven = true
                break
            }
            guard case .statement = purpose.ofCall else { break }
            judgement = context.access.granting(grants.map(\.grant))
                .judge(failure, ofCalling: routine, by: frame.effective)
            guard judgement.verdict == .failed else { break }
        }
        if isProven { record.missing = grants.map(\.missing) }
        let shown = isProven ? grants : grants.filter { record.missing.contains($0.missing) }
        record.cure = shown.map {
            Cure(
                sql: $0.grant.grant(quotedBy: Identifier.sql),
                runBy: $0.grantor,
                isProven: isProven,
                doubt: isProven ? nil : "the call could not be seen to succeed with it"
            )
        }
    }

    /// Makes sure that the role was really at work, before the call and after it.
    private func checked(_ passed: Record, _ seen: Observations) -> Record {
        var record = passed
        let role = frame.effective.name
        if seen.switched[0] != role {
            record.verdict = .error
            record.problem = .detectorFailed
            record.reason = "the role was not really switched"
        } else if let users = seen.users[0], users != [role] {
            record.verdict = .inconclusive
            record.problem = .inconclusive
            record.reason = "the call changed the role in its middle, so it proves nothing"
        }
        return record
    }

    /// Sends the call in a transaction that is rolled back.
    private mutating func attempt(
        after grants: [PlannedGrant]
    ) throws(PostgresError) -> TrialScript.Answer {
        var script = TrialScript()
        let options = context.options
        let level = frame.isolation.map { " ISOLATION LEVEL \($0)" } ?? ""
        script.add("BEGIN\(level) READ WRITE")
        let isProof = !grants.isEmpty
        let limits = [
            "lock_timeout": isProof ? Rehearsal.patience : options.lockTimeout,
            "statement_timeout": isProof ? Rehearsal.time : options.statementTimeout,
        ]
        let settings = limits.sorted { $0.key < $1.key }
            .map { "pg_catalog.set_config('\($0.key)', '\($0.value)', true)" }
        script.add("SELECT \(settings.joined(separator: ", "))")
        if isProof { script.add(Rehearsal.gate, for: .gate) }
        for (index, grant) in grants.enumerated() {
            script.add(try grant.lines(with: connection), for: .grant(index))
        }
        script.add(try frame.lines(with: connection), for: .role(0))
        script.add(RoutineCall(call, of: routine).sql, for: .statement(0))
        script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .force(0))
        script.add(LaneRunner.identityQuery, for: .identity(0))
        script.add("ROLLBACK")
        if isProof { Rehearsal.bound(&script) }
        if sent.isEmpty { sent = script.statements }
        let answer = try script.send(over: connection)
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        for oid in Observations(answer).drawn[0] ?? [] { drawn[oid, default: 0] += 1 }
        return answer
    }
}

extension TrialScript.Purpose {
    /// The same, with what a call left for the end counted as the call itself.
    fileprivate var ofCall: Self { if case .force = self { .statement(0) } else { self } }
}
