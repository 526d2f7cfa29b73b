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
    var options = EngineOptions()
    var voice: Voice
    /// The rules of `lint` to leave out; `nil` if it was not asked for.
    var lintsWithout: Set<String>?

    enum Result: Sendable {
        case report(RunReport)
        /// The user asked for what is not there; one sentence that names it and the cure.
        case misuse(String)
    }

    /// Runs on a thread of its own, since libpq blocks.
    func run() async -> Result {
        let stop = StopSignal()
        let signals = Signals.shared
        let lane = Lane()
        let result = await withTaskExecutorPreference(lane) {
            signals.handle { _ in stop.request() }
            return await self.result(stop, signals)
        }
        lane.stop()
        return result
    }

    private func result(_ stop: StopSignal, _ signals: Signals) async -> Result {
        let start = ContinuousClock.now
        var report = RunReport(
            version: Pgsmoke.version,
            startedAt: Date().timeIntervalSince1970
        )
        var isMisdirected = false
        do {
            try await fill(&report, stop)
        } catch let error as Misuse {
            return .misuse(error.message)
        } catch let error as PostgresError {
            if case .invalidConnectionString = error { isMisdirected = true }
            if signals.received == nil { report.records.append(Self.noConnection(error)) }
        } catch {
            return .misuse("\(error)")
        }
        report.seconds = (ContinuousClock.now - start).inSeconds
        report.exitCode = ExitCode.of(report.records, signal: signals.received)
        if isMisdirected { report.exitCode = ExitCode.usage }
        return .report(report)
    }

    private func fill(_ report: inout RunReport, _ stop: StopSignal) async throws {
        let connection = try Connection(to: target)
        stop.register(connection.canceller())
        guard connection.serverVersion >= 130_000 else {
            let version = connection.serverVersion
            throw Obstacle.asError(
                "the server is PostgreSQL \(version / 10_000).\(version % 10_000); pgsmoke needs 13 or later"
            )
        }
        let snapshot = try Snapshot.read(from: connection)
        let server = snapshot.server
        report.server = ServerIdentity(
            version: server.versionText,
            database: server.database,
            user: server.user
        )
        if server.isInRecovery {
            throw Obstacle.asError(
                "the server is in recovery (a standby); connect to the primary, where inserts can be tried"
            )
        }
        if server.isReadOnly {
            throw Obstacle.asError(
                "the database is read only (default_transaction_read_only is on); no insert can be tried"
            )
        }
        let access = AccessMap(snapshot)
        let relations = ApplicationRelations(
            in: snapshot,
            selected: try selected(in: snapshot, with: connection)
        )
        let expectations = try expectations(access, relations)
        report.leftOut = relations.leftOut + expectations.leftOut
        var seen: Set<String> = []
        report.logins = expectations.trials
            .filter { seen.insert($0.role).inserted }
            .compactMap { snapshot.rolesByName[$0.role].map(access.loginFacts) }
        announce(expectations.trials, server)
        let display = ProgressDisplay(voice, total: expectations.trials.count)
        let runner = Runner(access, options: options, target: target, stop: stop)
        let outcome = try await runner.run(expectations.trials, preparedOver: connection) {
            display.show($0)
        }
        display.clear()
        report.records = outcome.records
        if let disabled = lintsWithout {
            report.records += try Lint.records(snapshot, self, without: disabled, over: connection)
        }
        report.sequencesConsumed = outcome.sequencesConsumed
        report.notes = outcome.notes
    }

    private func announce(_ trials: [Trial], _ server: Server) {
        let roles = Set(trials.map(\.role)).count
        let relations = Set(trials.map(\.object)).count
        voice.say(
            "\(trials.count) \(trials.count == 1 ? "trial" : "trials") of \(roles) "
                + "\(roles == 1 ? "role" : "roles") on \(relations) "
                + "\(relations == 1 ? "relation" : "relations") of database "
                + "\(Identifier.displayed(server.database)), PostgreSQL \(server.versionText)"
        )
    }

    private func selected(
        in snapshot: Snapshot,
        with connection: Connection
    ) throws -> Selection.Resolved {
        do {
            return try selection.resolve(in: snapshot, with: connection)
        } catch let error as SelectionError {
            throw Misuse(error)
        }
    }

    private func expectations(
        _ access: AccessMap,
        _ relations: ApplicationRelations
    ) throws(Misuse) -> InsertExpectations {
        guard !roles.isEmpty else {
            return InsertExpectations(inferringFrom: access, on: relations.relations)
        }
        do throws(UnknownRole) {
            return try InsertExpectations(
                declaring: roles,
                on: relations.relations,
                in: access.snapshot
            )
        } catch {
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
        return Record(
            trial: Trial(
                role: "",
                operation: .connect,
                object: ObjectName(kind: .database, schema: nil, name: "")
            ),
            verdict: .error,
            reason: reason,
            problem: .noConnection,
            message: message
        )
    }
}

/// A server that can be reached but not used.
private enum Obstacle {
    static func asError(_ text: String) -> PostgresError {
        .connectionFailed(text, needsPassword: false)
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
