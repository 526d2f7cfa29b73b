import Access
import Catalog
import Engine
import Glibc
import Postgres
import Reports
import Settings
import Trials

/// A question that the catalog answers and that nothing is tried for.
struct Inquiry: Sendable {
    let settings: RunSettings
    let patience: Patience
    /// The only large object that is asked about; without it the first of all are read.
    let largeObject: OID?
    let scope: Snapshot.Scope

    /// Reads the files that the options name.
    ///
    /// - Throws: `Misuse` for one that cannot be read.
    init(
        _ options: ConnectionOptions,
        about scope: Snapshot.Scope = .everything,
        largeObject: OID? = nil
    ) throws(Misuse) {
        self.scope = scope
        settings = try options.settings()
        patience = options.patience
        self.largeObject = largeObject
    }

    /// Whether what is written to stdout is coloured.
    var isColoured: Bool { Console.isColoured(STDOUT_FILENO, settings.environment) }

    /// What an answer came to: its exit code, and what that means in a few words.
    struct Answer: Sendable {
        let code: Int32
        let meaning: String?

        init(_ code: Int32, _ meaning: String? = nil) {
            self.code = code
            self.meaning = meaning
        }
    }

    /// Reads the catalog, lets the body answer from it and returns the exit code.
    ///
    /// Runs on a thread of its own, since libpq blocks.
    func status(
        _ answer: @escaping @Sendable (AccessMap, Connection) throws -> Answer
    ) async -> Int32 {
        let lane = Lane()
        let result = await withTaskExecutorPreference(lane) { await self.answer(answer) }
        lane.stop()
        Console.complain(ExitMeaning.line(result.code, saying: result.meaning))
        return result.code
    }

    private func answer(
        _ body: @Sendable (AccessMap, Connection) throws -> Answer
    ) async -> Answer {
        let stop = StopSignal()
        Signals.shared.handle { _ in stop.request() }
        do {
            let connection = try patience.connect(
                to: settings.target,
                .of(settings.environment),
                stop
            )
            stop.register(connection.canceller())
            let version = connection.serverVersion
            guard version >= 130_000 else {
                Console.complain(
                    "pgsmoke: the server is PostgreSQL \(version / 10_000).\(version % 10_000); "
                        + "pgsmoke needs 13 or later"
                )
                return Answer(ExitCode.couldNotRun)
            }
            let snapshot = try Snapshot.read(scope, from: connection)
            let objects = try ObjectCatalog.read(scope, from: connection, largeObject: largeObject)
            return try body(AccessMap(snapshot, objects: objects), connection)
        } catch let error as Misuse {
            Console.complain("pgsmoke: \(error.message)")
            return Answer(error.exitCode)
        } catch let error as PostgresError {
            if let signal = Signals.shared.received { return Answer(128 + signal) }
            return explained(error)
        } catch {
            Console.complain("pgsmoke: \(error)")
            return Answer(ExitCode.couldNotRun)
        }
    }

    private func explained(_ error: PostgresError) -> Answer {
        func complain(_ text: String, _ code: Int32 = ExitCode.couldNotRun) -> Answer {
            // libpq breaks its messages into lines, indented by tabs.
            let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            Console.complain("pgsmoke: \(PrintableText.line(words))")
            return Answer(code)
        }
        switch error {
        case .connectionFailed(let text, true):
            return complain(
                "no password was given; put it into ~/.pgpass or PGPASSWORD (\(text))"
            )
        case .connectionFailed(let text, false): return complain("no connection: \(text)")
        case .connectionLost(let text): return complain("the connection was lost: \(text)")
        case .invalidConnectionString(let text): return complain(text, ExitCode.usage)
        case .server(let error):
            return complain("the server refused the catalog query: \(error.message)")
        case .outOfMemory: return complain("out of memory")
        }
    }
}

extension AccessMap {
    /// Finds the role that an argument names, 0 for PUBLIC; the message says what it came by.
    func role(named name: String, by option: String) throws(Misuse) -> OID {
        if let role = snapshot.rolesByName[name] { return role.oid }
        // No role can have that name.
        if name.lowercased() == "public" { return 0 }
        throw Misuse(
            message: "\(option) '\(PrintableText.line(name))' is no role of this server"
                + NearestName.hint(name, among: snapshot.rolesByName.names)
        )
    }
}

extension NearestName {
    /// Returns the rest of a sentence that names what may have been meant.
    static func hint(_ name: String, among known: [String]) -> String {
        of(name, among: known).map { "; did you mean '\(PrintableText.line($0))'?" } ?? ""
    }
}
