internal import Access
internal import Catalog
internal import Postgres
internal import Trials

extension Runner {
    /// Carries out the calls that the user has written, one after another.
    ///
    /// Routines without one were decided by the catalog. What met a lock or a time limit is tried again
    /// with full limits.
    func callRoutines(
        _ gathered: inout Gathered,
        _ trials: [Trial],
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        guard !context.declarations.calls.isEmpty else { return }
        let runners = [false, true].map { LaneRunner(context, over: connection, isAlone: $0) }
        defer { for runner in runners { gathered.add(runner) } }
        for (place, trial) in trials.enumerated()
        where trial.operation == .execute && stop.reason == nil {
            guard let subject = context.subject(of: trial) else { continue }
            for runner in runners {
                let start = ContinuousClock.now
                guard var record = try runner.run(trial, at: place, on: subject) else { break }
                record.seconds = (ContinuousClock.now - start).seconds
                gathered.records[place] = stop.sound([(place, record)]).first?.record
                guard record.problem?.isTransient ?? false else { break }
            }
            stop.heed(gathered.records[place].map { [$0] } ?? [])
        }
    }
}

extension LaneRunner {
    /// Calls a routine under a role in a transaction that is rolled back, behind shields for the
    /// sequences that its code names.
    func call(
        _ routine: Routine,
        as call: Declarations.Value,
        _ pending: PendingTrial
    ) throws(PostgresError) -> Record {
        let sequences = Set(context.reach.sequences(calledBy: routine) + rehearsedSequences)
            .sorted { $0.oid < $1.oid }
        let sql = RoutineCall(call, of: routine).sql
        while true {
            let (shields, consumed, refusal) = try shields(for: sequences)
            if let (problem, reason) = refusal {
                return Record(
                    trial: pending.trial,
                    verdict: .error,
                    reason: reason,
                    problem: problem
                )
            }
            let script = try script(of: sql, pending, shields)
            let answer = try script.send(over: connection)
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            let failure = answer.failure.map { failure in
                (failure.purpose, answer.succeeded.count { $0.purpose == failure.purpose })
            }
            keepPlan(
                of: pending,
                script,
                remarks: ["called as \(call.place) says"],
                stoppedAt: failure
            )
            if case (.shield(let index), let error)? = answer.failure {
                note(error, at: shields[index])
                continue
            }
            var record = try record(of: answer, routine, pending, consumed)
            // Stages are those of rows.
            record.stage = nil
            record.tried = PrintableText.line(
                sql.split(whereSeparator: \.isNewline).joined(separator: " ")
            )
            return record
        }
    }

    private func script(
        of sql: String,
        _ pending: PendingTrial,
        _ shields: [Shield]
    ) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        try open(&script, behind: shields, pending.frame.isolation)
        let frame = pending.frame.within(limits(behind: shields))
        script.add(try frame.lines(with: connection), for: .role(0))
        script.add(sql, for: .statement(0))
        script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .force(0))
        script.add(Self.identityQuery, for: .identity(0))
        script.add("ROLLBACK")
        try rehearsal?.enter(&script, with: connection)
        return script
    }

    /// Judges what became of a call, and counts what it drew.
    private func record(
        of answer: TrialScript.Answer,
        _ routine: Routine,
        _ pending: PendingTrial,
        _ consumed: [Relation]
    ) throws(PostgresError) -> Record {
        let trial = pending.trial
        guard let (purpose, error) = answer.failure else {
            let seen = Observations(answer)
            let drawn = (seen.drawn[0] ?? []).sorted().compactMap { context.snapshot.relations[$0] }
            count(drawn)
            if let gone = drawn.first, context.options.sequences == .preserve {
                return unforeseen(gone, trial)
            }
            var record = Record(trial: trial, verdict: .passed, reason: pending.frame.vacuity)
            record.isVacuous = pending.frame.vacuity != nil
            return distrusted(record, seen, 0, as: pending.frame.effective.name) ?? record
        }
        if context.stop.isRequested { throw .connectionLost("interrupted") }
        switch purpose {
        case .gate, .grant:
            rehearsal?.failure = (purpose, error)
            throw .server(error)
        case .role: return roleRefused(pending, error)
        case .statement, .force, .identity:
            if isBeyondDefaults(error) { count(consumed) }
            let role = pending.frame.effective
            let judgement = context.access.judge(error, ofCalling: routine, by: role)
            return stopped(pending, error, judgement, tried: nil)
        default: throw .server(error)
        }
    }
}
