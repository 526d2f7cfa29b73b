import ArgumentParser
import Glibc

/// The command line's entrance; errors become messages and exit codes here and nowhere else.
@main
enum Pgsmoke {
    static let version = "0.1.0"

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        _ = Signals.shared
        let status = await status(of: Array(CommandLine.arguments.dropFirst()))
        exit(status)
    }

    private static func status(of arguments: [String]) async -> Int32 {
        do {
            switch try RootCommand.parseAsRoot(arguments) {
            case let run as RunCommand: return await run.status()
            case let plan as PlanCommand: return await plan.status()
            case let explain as ExplainCommand: return await explain.status()
            case let matrix as MatrixCommand: return await matrix.status()
            case let lint as LintCommand: return await lint.status()
            case let fix as FixCommand: return await fix.status()
            case let merge as MergeCommand: return merge.status()
            case let demo as DemoCommand: return await demo.status()
            case let start as InitCommand: return await start.status()
            case var other:
                try other.run()
                return 0
            }
        } catch {
            let message = RootCommand.fullMessage(for: error)
            guard RootCommand.exitCode(for: error) != .success else {
                Console.print(message)
                return 0
            }
            Console.complain(message)
            return ExitCode.usage
        }
    }
}

/// `pgsmoke` without a subcommand runs the trials: a bare call must not look like a pass.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pgsmoke",
        abstract:
            "Proves what application roles can do, and cannot do, on every application table.",
        discussion: """
            Run it right after a migration: for every role and table it does SET ROLE, a real INSERT \
            with a real row, and ROLLBACK, and says which privilege is missing.
            """,
        version: "pgsmoke \(Pgsmoke.version)",
        subcommands: [
            RunCommand.self, PlanCommand.self, FixCommand.self, ExplainCommand.self,
            MatrixCommand.self, LintCommand.self, InitCommand.self, MergeCommand.self,
            DemoCommand.self,
        ],
        defaultSubcommand: RunCommand.self,
        helpNames: helpNames
    )

    /// `-h` is the host, as in psql.
    static let helpNames: NameSpecification = [.customLong("help"), .customShort("?")]
}
