import Access
import Catalog
import Engine
import FoundationEssentials
import Postgres
import Settings
import Trials

/// One run from the connection to the finished report.
struct Session: Sendable {
    var target: ConnectionTarget
    var selection = Selection()
    var roles: [String] = []
    /// What is tried alone; `nil` for whatever is expected.
    var operations: [Trials.Operation]?
    var settings: SettingsFile?
    /// The variables that the settings file may name.
    var environment: [String: String] = [:]
    /// Whether the tables of the next migration are tried, too.
    var triesFuture = false
    var options = EngineOptions()
    var voice: Voice
    var patience = Patience.none
    /// The rules of `lint` to leave out; `nil` if it was not asked for.
    var lintsWithout: Set<String>?
    var policy = VerdictPolicy()
    /// The part of the relations to try; `nil` for all.
    var shard: Shard?
    /// Whether no more trials begin after the first failure.
    var failsFast = false
    /// The longest time for all of it.
    var timeLimit: Duration?

    enum Result: Sendable {
        /// The report and, if they were to be kept, the statements that decided each of its records.
        case report(RunReport, [PlannedTrial])
        /// The user asked for what is not there; one sentence that names it and the cure.
        case misuse(Misuse)
    }

    /// Runs on a thread of its own, since libpq blocks.
    func run() async -> Result {
        let policy = policy
        let fails: @Sendable (Record) -> Bool = { policy.fails($0) }
        let stop = StopSignal(after: failsFast ? fails : nil)
        let lane = Lane()
        let result = await withinTime(stop) {
            await withTaskExecutorPreference(lane) {
                Signals.shared.handle { _ in stop.request() }
                return await self.result(stop, Signals.shared)
            }
        }
        lane.stop()
        return result
    }

    /// Ends what the body is doing when the time is over, again and again until it hears.
    private func withinTime(
        _ stop: StopSignal,
        _ body: @escaping @Sendable () async -> Result
    ) async -> Result {
        guard let timeLimit else { return await body() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: globalConcurrentExecutor) {
                try? await Task.sleep(for: timeLimit)
                while !Task.isCancelled {
                    stop.request(because: .timeLimit)
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            let result = await body()
            group.cancelAll()
            return result
        }
    }

    private func result(_ stop: StopSignal, _ signals: Signals) async -> Result {
        let start = ContinuousClock.now
        var report = RunReport(
            version: Pgsmoke.version,
            startedAt: Date().timeIntervalSince1970
        )
        report.shard = shard.map { ShardStamp($0) }
        var plans: [PlannedTrial] = []
        var isMisdirected = false
        do {
            plans = try await fill(&report, stop)
        } catch let error as PostgresError where error.isWithoutConnection {
            if case .invalidConnectionString = error { isMisdirected = true }
            if signals.received == nil { report.records.append(Self.noConnection(error)) }
        } catch _ where stop.isRequested {
            // Whatever it looks like, it is the interruption's doing.
            report.cutShort = stop.reason
            if signals.received == nil { report.records.append(Self.outOfTime) }
        } catch let error as Misuse {
            return .misuse(error)
        } catch let error as Obstacle {
            report.records.append(Self.notTried(because: error.description))
        } catch let error as PostgresError {
            report.records.append(Self.noConnection(error))
        } catch {
            return .misuse(Misuse(message: "\(error)"))
        }
        report.seconds = (ContinuousClock.now - start).seconds
        policy.settle(&report, signal: signals.received)
        if isMisdirected { report.exitCode = ExitCode.usage }
        return .report(report, plans)
    }

    private func fill(
        _ report: inout RunReport,
        _ stop: StopSignal
    ) async throws -> [PlannedTrial] {
        let connection = try patience.connect(to: target, voice, stop)
        stop.register(connection.canceller())
        guard connection.serverVersion >= 130_000 else {
            let version = connection.serverVersion
            throw Obstacle(
                "the server is PostgreSQL \(version / 10_000).\(version % 10_000); pgsmoke needs 13 or later"
            )
        }
        let second = SecondLane(to: target, stop: stop)
        defer { second.end() }
        let snapshot = try await second.snapshot(besides: connection, jobs: options.jobs)
        let server = snapshot.server
        report.server = ServerIdentity(
            version: server.versionText,
            database: server.database,
            user: server.user
        )
        if server.isInRecovery {
            throw Obstacle(
                "the server is in recovery (a standby); connect to the primary, where inserts can be tried"
            )
        }
        if server.isReadOnly {
            throw Obstacle(
                "the database is read only (default_transaction_read_only is on); no insert can be tried"
            )
        }
        let access = AccessMap(snapshot)
        let plan = try plan(access, over: connection)
        let expectations = plan.expectations
        report.leftOut =
            plan.relations.leftOut + expectations.leftOut + unreadableRoles(in: snapshot)
        var seen: Set<String> = []
        report.logins = (expectations.trials + expectations.uncovered)
            .filter { seen.insert($0.role).inserted }
            .compactMap { snapshot.rolesByName[$0.role].map(access.loginFacts) }
        // What a writer's next table will be like matters, unless the user narrows what is tried.
        let writers = triesFuture ? nil : expectations.writers
        let future =
            triesFuture || operations == nil && !expectations.writers.isEmpty
            ? FutureExpectations(following: expectations.trials, of: writers, access) : nil
        let all = expectations.trials + (future?.trials ?? [])
        let share = shard.map {
            Share($0, of: all + expectations.uncovered, asksForMore: lintsWithout != nil)
        }
        report.shard = share?.stamp
        let trials = share?.part(of: all) ?? all
        announce(trials, server)
        let display = ProgressDisplay(voice, total: trials.count)
        let runner = Runner(
            access,
            options: options,
            declarations: plan.declarations,
            target: target,
            stop: stop
        )
        let outcome: Runner.Outcome
        do {
            outcome = try await runner.run(
                trials,
                besides: all,
                preparedOver: connection,
                helpedBy: second
            ) { display.show($0) }
        } catch _ where stop.isRequested {
            outcome = runner.untried(trials)
        }
        display.clear()
        report.cutShort = outcome.cutShort
        let uncovered = plan.uncovered(share?.part(of: expectations.uncovered))
        report.records = outcome.records + uncovered
        if let share { report.records = share.placed(report.records) }
        report.logins = report.logins.map { facts in
            // Why a login failed the catalog says better, if it knows.
            guard let seen = outcome.logins[facts.role], seen.canLogIn || facts.canLogIn else {
                return facts
            }
            return seen
        }
        report.sequencesConsumed = outcome.sequencesConsumed
        report.notes = outcome.notes + (future?.notes ?? [])
        if let disabled = lintsWithout {
            do {
                if stop.isRequested { throw CancellationError() }
                let found = try Lint.records(snapshot, self, without: disabled, over: connection)
                report.records += share?.part(ofFindings: found) ?? found
            } catch _ where stop.isRequested {
                report.cutShort = stop.reason
                report.notes.append("the run was ended before the rules of lint were looked at")
            }
        }
        guard options.keepsPlans else { return [] }
        return outcome.plans
            + uncovered.map {
                PlannedTrial(name: $0.trial.name, remarks: ["uncovered, nothing was sent"])
            }
    }

    /// The roles that cannot be named, which an SQL_ASCII database of the cluster may have brought.
    private func unreadableRoles(in snapshot: Snapshot) -> [LeftOut] {
        snapshot.rolesByName.names.filter(\.isUnreadable).map {
            LeftOut(
                object: ObjectName(kind: .role, schema: nil, name: $0),
                reason: "a name that is not UTF-8"
            )
        }
    }

    private func announce(_ trials: [Trial], _ server: Server) {
        let roles = Set(trials.map(\.role)).count
        let relations = Set(trials.filter { $0.operation != .future }.map(\.object)).count
        voice.say(
            (shard.map { "\($0): " } ?? "")
                + "\(trials.count) \(trials.count == 1 ? "trial" : "trials") of \(roles) "
                + "\(roles == 1 ? "role" : "roles") on \(relations) "
                + "\(relations == 1 ? "relation" : "relations") of database "
                + "\(Identifier.displayed(server.database)), PostgreSQL \(server.versionText)"
        )
    }

    private func plan(_ access: AccessMap, over connection: Connection) throws -> RunPlan {
        do {
            guard let settings else {
                return try RunPlan(
                    access,
                    selection,
                    roles: roles,
                    operations: operations,
                    over: connection
                )
            }
            return try RunPlan(
                access,
                selection,
                roles: roles,
                operations: operations,
                settings,
                environment,
                options: options,
                over: connection
            )
        } catch let error as SelectionError {
            throw Misuse(error)
        } catch let error as SettingsError {
            throw Misuse(error)
        } catch let error as UnknownRole {
            throw Misuse(error)
        }
    }

    /// The one case of a run that never came to its trials.
    private static func noConnection(_ error: PostgresError) -> Record {
        let (reason, message): (String, String?) =
            switch error {
            case .connectionFailed(let text, true):
                ("no password was given; put it into ~/.pgpass or PGPASSWORD", text)
            case .connectionFailed(let text, false): ("no connection to the server", text)
            case .connectionLost(let text): ("the connection was lost before the first trial", text)
            case .invalidConnectionString(let text): (text, nil)
            case .server(let error): ("the server refused the catalog query", error.message)
            case .outOfMemory: ("out of memory", nil)
            }
        return notTried(because: reason, message)
    }

    private static let outOfTime = notTried(
        because: "the time limit was over before the first trial",
        problem: .timeout
    )

    private static func notTried(
        because reason: String,
        _ message: String? = nil,
        problem: Problem = .noConnection
    ) -> Record {
        Record(
            trial: Trial(
                role: "",
                operation: .connect,
                object: ObjectName(kind: .database, schema: nil, name: "")
            ),
            verdict: .error,
            reason: reason,
            problem: problem,
            message: message
        )
    }
}

/// Why a server that was reached cannot be used.
private struct Obstacle: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension PostgresError {
    /// Whether there never was a connection.
    fileprivate var isWithoutConnection: Bool {
        switch self {
        case .connectionFailed, .invalidConnectionString: true
        case .connectionLost, .server, .outOfMemory: false
        }
    }
}
