import ArgumentParser
import Catalog
import Engine
import FoundationEssentials
import Glibc
import Postgres
import Reports
import Trials

/// `pgsmoke run`: the trials.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Try every role on every table (the default).",
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    @Option(
        name: [.customShort("n"), .customLong("schema")],
        help: ArgumentHelp("Only schemas that match (repeatable).", valueName: "pattern")
    )
    var schemas: [String] = []

    @Option(
        name: [.customShort("N"), .customLong("exclude-schema")],
        help: ArgumentHelp("No schemas that match (repeatable).", valueName: "pattern")
    )
    var excludedSchemas: [String] = []

    @Option(
        name: [.customShort("t"), .customLong("table")],
        help: ArgumentHelp("Only tables that match (repeatable).", valueName: "pattern")
    )
    var tables: [String] = []

    @Option(
        name: [.customShort("T"), .customLong("exclude-table")],
        help: ArgumentHelp("No tables that match (repeatable).", valueName: "pattern")
    )
    var excludedTables: [String] = []

    @Option(
        name: .customLong("role"),
        help: ArgumentHelp(
            "A role that must be able to insert everywhere (repeatable). Without any, the grants "
                + "that are there tell who should be able to do what.",
            valueName: "role"
        )
    )
    var roles: [String] = []

    @Option(
        name: [.customShort("j"), .customLong("jobs")],
        help: ArgumentHelp("Connections at work.", valueName: "n")
    )
    var jobs: Int = min(8, max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))))

    @Option(
        help: ArgumentHelp(
            "Values of sequences: auto keeps them where nobody is at work, preserve fails rather "
                + "than consume one, consume never shields.",
            valueName: "auto|preserve|consume"
        )
    )
    var sequences: SequencePolicy = .auto

    @Option(help: ArgumentHelp("Longest wait for a lock.", valueName: "time"))
    var lockTimeout = TimeLimit(milliseconds: 2_000)

    @Option(help: ArgumentHelp("Longest time for a statement.", valueName: "time"))
    var statementTimeout = TimeLimit(milliseconds: 30_000)

    @Option(help: ArgumentHelp("Write JUnit XML (- is stdout).", valueName: "file"))
    var junit: String?

    @Option(help: ArgumentHelp("Write JSON (- is stdout).", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp("Write the proven GRANTs as a script (- is stdout).", valueName: "file")
    )
    var fix: String?

    @Flag(
        help: ArgumentHelp(
            "Also try what the next migration's tables will be like: create one as each role that "
                + "owns tables, and try the roles on it."
        )
    )
    var future = false

    @Flag(name: .shortAndLong, help: "Show failures and the summary only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show every case.")
    var verbose = false

    func validate() throws {
        guard (1...64).contains(jobs) else {
            throw ValidationError("--jobs takes a number from 1 to 64.")
        }
        guard [junit, json, fix].count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError("Only one of --junit, --json and --fix can be '-', stdout.")
        }
        guard !roles.contains(where: \.isEmpty) else {
            throw ValidationError("--role takes the name of a role, not an empty one.")
        }
    }

    /// Carries the run out and returns the exit code.
    func status() async -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let files: ReportFiles
        do {
            files = try ReportFiles(junit: junit, json: json, fix: fix)
        } catch {
            Console.complain("pgsmoke: \(error.message)")
            return ending(ExitCode.usage)
        }
        let report: RunReport
        switch await session(environment).run() {
        case .report(let finished, _): report = finished
        case .misuse(let message):
            files.discard()
            Console.complain("pgsmoke: \(message)")
            return ending(ExitCode.usage)
        }
        let isStdoutTaken = [junit, json, fix].contains("-")
        let text = TerminalReport.text(
            of: report,
            detail: quiet ? .quiet : verbose ? .verbose : .normal,
            isColoured: Console.isColoured(
                isStdoutTaken ? STDERR_FILENO : STDOUT_FILENO,
                environment
            )
        )
        if isStdoutTaken { Console.complain(text) } else { Console.print(text) }
        if junit != nil, report.records.count > Self.manyCases {
            Console.complain(
                "pgsmoke: the JUnit file holds \(report.records.count) cases; some readers take "
                    + "no more than \(Self.manyCases) of one file, so split the run with -n or -t"
            )
        }
        do {
            try files.write(report)
        } catch {
            Console.complain("pgsmoke: \(error.message)")
            return ending(ExitCode.couldNotRun)
        }
        return ending(report.exitCode, report)
    }

    /// The run that the options describe.
    func session(_ environment: [String: String]) -> Session {
        Session(
            target: connection.target(environment),
            selection: Selection(
                schemas: schemas,
                excludedSchemas: excludedSchemas,
                tables: tables,
                excludedTables: excludedTables
            ),
            roles: roles,
            triesFuture: future,
            options: EngineOptions(
                jobs: jobs,
                sequences: sequences,
                lockTimeout: lockTimeout.milliseconds,
                statementTimeout: statementTimeout.milliseconds
            ),
            voice: quiet ? .silent : .of(environment)
        )
    }

    /// What the strictest of the known readers of JUnit files accepts.
    private static let manyCases = 5_000

    private func ending(_ code: Int32, _ report: RunReport? = nil) -> Int32 {
        Console.complain(ExitMeaning.line(code, report: report))
        return code
    }
}

extension SequencePolicy: ExpressibleByArgument {}
