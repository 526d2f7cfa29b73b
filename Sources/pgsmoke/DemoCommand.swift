import ArgumentParser
import Cluster
import FoundationEssentials
import Glibc
import Postgres
import Reports
import Trials

/// `pgsmoke demo`: the incident on a private server.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the incident and its cure on a private, throw-away server.",
        discussion: """
            Makes a PostgreSQL server in a private folder, reached by a Unix socket only, migrates a \
            small shop whose last migration forgets a sequence, runs pgsmoke, applies the missing \
            GRANT and runs pgsmoke again. Nothing is left afterwards.
            """,
        helpNames: RootCommand.helpNames
    )

    /// Plays the demo and returns 0 if incident and cure came out as told.
    func status() async -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let code: Int32
        do {
            let binaries = try ServerBinaries.find(environment: environment)
            code = try await interruptibly {
                try await withServer(of: binaries, environment: environment) { server in
                    try await play(on: server, major: binaries.major, environment)
                }
            }
        } catch is CancellationError {
            code = 128 + (Signals.shared.received ?? SIGINT)
        } catch {
            Console.complain("pgsmoke: \(error)")
            code = ExitCode.couldNotRun
        }
        return Console.end(with: code)
    }

    /// Runs the body as a task that the first signal cancels, so that the server is taken down.
    private func interruptibly(
        _ body: @escaping @Sendable () async throws -> Int32
    ) async throws -> Int32 {
        let (signals, feed) = AsyncStream.makeStream(of: Int32.self)
        Signals.shared.handle { feed.yield($0) }
        return try await withThrowingTaskGroup(of: Int32.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { break }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let code = try await group.next() else { throw CancellationError() }
            return code
        }
    }

    private func play(
        on server: PrivateServer,
        major: Int,
        _ environment: [String: String]
    ) async throws -> Int32 {
        func target(_ database: String) -> ConnectionTarget {
            ConnectionTarget(
                database: database,
                host: server.socketDirectory,
                port: String(server.port),
                user: server.superuser
            )
        }
        try Connection(to: target("postgres")).execute("CREATE DATABASE shop")
        let target = target("shop")
        tell("a private PostgreSQL \(major), by Unix socket only, in \(server.socketDirectory)")
        for script in Incident.migrations {
            try migrate(script, target)
        }
        tell("everything is migrated; can \(Incident.role) insert into every table?")
        let before = try await trials(target, environment)
        let failures = before.records.filter { $0.verdict == .failed }.map(\.trial.name)
        guard before.exitCode == ExitCode.failed, failures == Incident.failures else {
            tell("the incident did not come out as told")
            return ExitCode.failed
        }
        tell("found: \(Incident.failures[0]) fails; now the GRANT that was forgotten")
        for script in Incident.cure {
            try migrate(script, target)
        }
        let after = try await trials(target, environment)
        guard after.exitCode == 0 else {
            tell("the cure did not come out as told")
            return ExitCode.failed
        }
        tell("cured; the server goes now, and nothing is left of it")
        return 0
    }

    private func migrate(_ script: Incident.Script, _ target: ConnectionTarget) throws {
        tell("migrate \(script.file)")
        try Connection(to: target).execute(script.sql)
    }

    private func trials(
        _ target: ConnectionTarget,
        _ environment: [String: String]
    ) async throws -> RunReport {
        var session = Session(target: target, voice: .silent)
        session.roles = [Incident.role]
        switch await session.run() {
        case .report(let report, _):
            try Task.checkCancellation()
            let isColoured = Console.isColoured(STDOUT_FILENO, environment)
            Console.print("")
            Console.print(TerminalReport.text(of: report, detail: .verbose, isColoured: isColoured))
            return report
        case .misuse(let misuse): throw Failure(description: misuse.message)
        }
    }

    private func tell(_ text: String) { Console.print("demo: \(text)") }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
