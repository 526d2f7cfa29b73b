package import Access
internal import Catalog
package import Postgres
internal import RowSynthesis
package import Trials

/// Carries out the trials of a plan over as many connections as there are jobs.
package struct Runner: Sendable {
    private let access: AccessMap
    private let options: EngineOptions
    let target: ConnectionTarget
    private let declarations: Declarations
    let stop: StopSignal

    package init(
        _ access: AccessMap,
        options: EngineOptions,
        declarations: Declarations = Declarations(),
        target: ConnectionTarget,
        stop: StopSignal
    ) {
        self.access = access
        self.options = options
        self.declarations = declarations
        self.target = target
        self.stop = stop
    }

    /// What a run found out.
    package struct Outcome: Sendable {
        /// Roles that could not be set first, then in the order of the plan.
        package var records: [Record] = []
        package var sequencesConsumed: [ConsumedSequence] = []
        package var notes: [String] = []
        /// Why trials were left out, if any were.
        package var cutShort: CutShort?
        /// What decided each record, in the same order, if it was to be kept.
        package var plans: [PlannedTrial] = []
        /// What the logins of roles that have one came to, by role.
        package var logins: ExactNames<LoginFacts> = [:]
    }

    /// Carries out the trials; `progress` hears how many are done.
    ///
    /// The roles of other trials are settled, too, so that every shard of a run says the same of them.
    /// The connection that read the catalog settles the roles first and retries last. Throws
    /// `connectionLost` if the server is gone before the first trial.
    package func run(
        _ trials: [Trial],
        besides others: [Trial] = [],
        preparedOver connection: Connection,
        helpedBy second: SecondLane,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async throws -> Outcome {
        let snapshot = access.snapshot
        guard let user = snapshot.rolesByName[snapshot.server.user] else { return Outcome() }
        var context = RunContext(
            access: access,
            options: options,
            declarations: declarations,
            user: access.principal(user.oid),
            frames: try preflight(for: trials + others, over: connection),
            parents: .none,
            backends: Backends(),
            stop: stop
        )
        context.backends.insert(connection.backendPID)
        if let second = second.backendPID { context.backends.insert(second) }
        context.distance = try ServerDistance(over: connection)
        context.foresee(trials)
        if trials.contains(where: { $0.operation == .delete }) {
            context.slowDeletes = try SlowDeletes(over: connection)
        }
        let home = declarations.logins.names.isEmpty ? nil : try SessionFacts(over: connection)
        let watch = options.sequences == .preserve ? try SequenceWatch(over: connection) : nil
        let all = WorkUnit.units(
            of: trials.enumerated().map { ($0.offset, $0.element) }
                .filter { !$0.1.operation.isDecidedByCatalog },
            with: context
        )
        context.parents = try await second.parents(
            for: all.flatMap { $0.relations.map(\.relation) },
            in: context,
            besides: connection
        )
        let units = all.compactMap { $0.without(context.runsOverLogin) }
        let note = try limitJobs(of: &context, to: units.count, besides: second, over: connection)
        var (gathered, last) = await Lanes(context: context, target: target, second: second.lane)
            .run(units, startingOver: connection, progress: progress)
        gathered.notes += [note].compactMap(\.self)
        decide(&gathered, trials, context)
        stop.heed(gathered.records.values)
        if let home {
            let main = last
            await runLogins(
                &gathered,
                trials,
                context,
                besides: home,
                countingOf: { main?.connections(of: $0) ?? 0 },
                progress: progress
            )
        }
        // What is known by now stays known if the server goes away at the end.
        if let last {
            do {
                try retry(&gathered, units, context, over: last)
                try callRoutines(&gathered, trials, context, over: last)
                if options.provesCures {
                    try prove(&gathered, trials, context, over: last)
                    try explainRecurrence(&gathered, context, over: last)
                }
                try tryFuture(&gathered, trials, context, over: last)
                if let watch {
                    gathered.notes += try moved(
                        since: watch,
                        besides: gathered.allConsumed,
                        over: last
                    )
                }
            } catch {
                gathered.notes.append(
                    stop.isRequested
                        ? "the run was ended before retries and proofs were done"
                        : "the server was lost before the last retries"
                )
            }
        }
        return outcome(of: gathered, trials, context)
    }

    private func preflight(
        for trials: [Trial],
        over connection: Connection
    ) throws(PostgresError) -> ExactNames<Preflight.Result> {
        var names: Set<String> = []
        let roles = trials.filter { names.insert($0.role).inserted }
            .compactMap { access.snapshot.rolesByName[$0.role] }
        return try Preflight(
            snapshot: access.snapshot,
            options: options,
            connection: connection,
            declarations: declarations
        ).results(for: roles)
    }

    /// Opens no more connections than there is work for, nor than the server has left; says so if
    /// that is fewer than were asked for.
    private func limitJobs(
        of context: inout RunContext,
        to units: Int,
        besides second: SecondLane,
        over connection: Connection
    ) throws(PostgresError) -> String? {
        let wanted = max(1, min(options.jobs, units))
        context.options.jobs = wanted
        defer { if context.options.jobs == 1 { second.disconnect() } }
        guard wanted > 1 else { return nil }
        // Where that cannot be seen, the server must refuse what is too many.
        guard let slots = try second.freeSlots(besides: connection) else { return nil }
        let jobs = slots.jobs(of: wanted)
        guard jobs < wanted else { return nil }
        context.options.jobs = jobs
        return
            "worked with fewer connections than asked for, \(jobs) and not \(wanted): the server "
            + "had no more left"
    }

    /// Tries what met a lock, a time limit or a deadlock once more, with nobody else at work: behind
    /// shields, then without any and with all the patience that the user allows.
    ///
    /// What a run that is ended early does not come to was not really tried.
    func retry(
        _ gathered: inout Gathered,
        _ units: [WorkUnit],
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        let blocked = gathered.records.filter { $0.value.problem?.isTransient ?? false }
        var waiting = Set(blocked.keys)
        defer { if stop.isRequested { for place in waiting { gathered.records[place] = nil } } }
        guard !blocked.isEmpty, !stop.isRequested else { return }
        let runners = [false, true].map { LaneRunner(context, over: connection, isAlone: $0) }
        for work in units.flatMap(\.relations) {
            var trials = work.trials.filter { blocked[$0.place] != nil }
            let draws = !context.sequences(of: work.relation).isEmpty
            for runner in draws ? runners : runners.suffix(1) where !trials.isEmpty {
                let again = RelationWork(relation: work.relation, trials: trials)
                for (place, record) in stop.sound(try records(of: again, by: runner)) {
                    gathered.records[place] = record
                    waiting.remove(place)
                }
                trials.removeAll { gathered.records[$0.place]?.problem?.isTransient != true }
            }
            stop.heed(gathered.records.values)
        }
        for runner in runners { gathered.add(runner) }
    }

    private func records(
        of work: RelationWork,
        by runner: LaneRunner
    ) throws(PostgresError) -> [(place: Int, record: Record)] {
        do throws(PostgresError) {
            return try runner.run(work)
        } catch {
            guard case .server(let answer) = error else { throw error }
            if runner.connection.isInTransaction { try runner.connection.execute("ROLLBACK") }
            return Lanes.failed(work, answer)
        }
    }

    /// Names the sequences that moved although no trial was seen to draw from them.
    private func moved(
        since watch: SequenceWatch,
        besides consumed: [OID: Int],
        over connection: Connection
    ) throws(PostgresError) -> [String] {
        let moved = try SequenceWatch(over: connection).moved(since: watch)
            .subtracting(consumed.keys)
            .compactMap { access.snapshot.relations[$0]?.objectName.displayed }
        guard !moved.isEmpty else { return [] }
        return [
            "moved while the run was on, by code whose draws could not be foreseen or by somebody "
                + "else: \(moved.sorted().joined(separator: ", "))"
        ]
    }

    /// Returns what a run found out that was ended before its first trial.
    package func untried(_ trials: [Trial]) -> Outcome {
        var outcome = Outcome(cutShort: stop.reason)
        for trial in trials { add(untried(trial), nil, to: &outcome) }
        return outcome
    }

    /// The record of a trial that never had its turn; where a connection was lost, the trial that it
    /// was lost in is an error.
    private func untried(_ trial: Trial) -> Record {
        Record(
            trial: trial,
            verdict: .skipped,
            reason: stop.reason?.reason ?? "the connection was lost before its turn"
        )
    }

    private func add(_ record: Record, _ plan: PlannedTrial?, to outcome: inout Outcome) {
        outcome.records.append(record)
        guard options.keepsPlans else { return }
        let why = "\(record.verdict.rawValue), nothing was sent: \(record.reason ?? "")"
        outcome.plans.append(plan ?? PlannedTrial(name: record.trial.name, remarks: [why]))
    }

    private func outcome(
        of gathered: Gathered,
        _ trials: [Trial],
        _ context: RunContext
    ) -> Outcome {
        var outcome = Outcome(notes: gathered.notes)
        var frames: [RoleFrame] = []
        for (name, result) in context.frames.sorted where declarations.logins[name] == nil {
            switch result {
            case .cannotSet(let record): add(record, nil, to: &outcome)
            case .ready(let frame): frames.append(frame)
            }
        }
        for case (_, .failed(let record)) in gathered.logins.sorted {
            add(record, nil, to: &outcome)
        }
        for (place, trial) in trials.enumerated() where isTried(trial, context, gathered.logins) {
            if gathered.records[place] == nil { outcome.cutShort = stop.reason }
            let record = gathered.records[place] ?? untried(trial)
            add(context.heldOnPartitions(record), gathered.plans[place], to: &outcome)
        }
        outcome.notes += context.settingsNotes(of: frames, besides: gathered.logins)
        outcome.notes += context.wantedMemberships(
            consumed: gathered.consumed.keys,
            records: outcome.records.filter { declarations.logins[$0.trial.role] == nil }
        )
        outcome.logins = gathered.logins.facts
        outcome.sequencesConsumed = gathered.allConsumed
            .compactMap { oid, values in
                context.snapshot.relations[oid].map {
                    ConsumedSequence(sequence: $0.objectName, values: values)
                }
            }
            .sorted { $0.sequence.displayed < $1.sequence.displayed }
        return outcome
    }

    /// Whether the role could be put on, one way or the other; if not, one case says so for all.
    private func isTried(_ trial: Trial, _ context: RunContext, _ logins: RoleLogins) -> Bool {
        if declarations.logins[trial.role] != nil {
            if case .failed = logins[trial.role] { return false }
        } else if case .cannotSet = context.frames[trial.role] {
            return false
        }
        return true
    }
}

/// What the lanes have brought in so far.
struct Gathered: Sendable {
    var records: [Int: Record] = [:]
    var consumed: [OID: Int] = [:]
    /// Those that no membership of the connecting role could have saved.
    var consumedOverLogins: [OID: Int] = [:]
    var notes: [String] = []
    var plans: [Int: PlannedTrial] = [:]
    var logins: RoleLogins = [:]

    var allConsumed: [OID: Int] { consumed.merging(consumedOverLogins, uniquingKeysWith: +) }

    /// Takes the values that a runner has used up, and the statements that it kept.
    mutating func add(_ runner: LaneRunner) {
        add(runner.consumed)
        plans.merge(runner.plans) { _, new in new }
    }

    /// Counts the values that a connection took.
    mutating func add(_ values: [OID: Int]) { consumed.merge(values, uniquingKeysWith: +) }
}

extension Problem {
    /// Whether another moment may bring another verdict.
    var isTransient: Bool { [.locked, .timeout, .deadlock].contains(self) }
}
