import ArgumentParser
import Catalog
import Engine
import FoundationEssentials
import Glibc
import Postgres
import Reports
import Settings
import Trials

/// `pgsmoke run`: the trials.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Try every role on every table (the default).",
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    @OptionGroup(title: "Relations") var patterns: PatternOptions

    @Option(
        name: .customLong("role"),
        help: ArgumentHelp(
            "A role that must be able to insert everywhere, or to do what --operations names "
                + "(repeatable). Without any, the grants that are there tell who should be able to do "
                + "what.",
            valueName: "role"
        )
    )
    var roles: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is tried alone, with commas: \(OperationList.known).",
            valueName: "a,b"
        )
    )
    var operations: OperationList?

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

    @Option(
        help: ArgumentHelp(
            "Longest search for a row that a table accepts; 0 tries the first guess alone.",
            valueName: "seconds"
        )
    )
    var rowBudget = 2.0

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

    @Flag(help: "Look for grants that are too wide, or will break, as pgsmoke lint does.")
    var lint = false

    @Option(help: ArgumentHelp("Leave a rule of --lint out (repeatable).", valueName: "code"))
    var disable: [String] = []

    @Flag(help: "Show the values of rows, and what the server says of them, in reports.")
    var showRows = false

    @Flag(name: .shortAndLong, help: "Show failures and the summary only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show every case.")
    var verbose = false

    func validate() throws {
        guard (1...64).contains(jobs) else {
            throw ValidationError("--jobs takes a number from 1 to 64.")
        }
        guard (0...3_600).contains(rowBudget) else {
            throw ValidationError("--row-budget takes seconds, from 0 to 3600.")
        }
        guard [junit, json, fix].count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError("Only one of --junit, --json and --fix can be '-', stdout.")
        }
        guard lint || disable.isEmpty else {
            throw ValidationError("--disable leaves rules of --lint out; add --lint.")
        }
        do { _ = try Lint.known(disable) } catch { throw ValidationError(error.message) }
        guard !roles.contains(where: \.isEmpty) else {
            throw ValidationError("--role takes the name of a role, not an empty one.")
        }
    }

    /// Carries the run out and returns the exit code.
    func status() async -> Int32 {
        let settings: RunSettings
        do { settings = try connection.settings() } catch {
            Console.complain("pgsmoke: \(error.message)")
            return ending(error.exitCode)
        }
        let files: ReportFiles
        do {
            files = try ReportFiles(junit: junit, json: json, fix: fix)
        } catch {
            Console.complain("pgsmoke: \(error.message)")
            return ending(ExitCode.usage)
        }
        let report: RunReport
        switch await session(settings).run() {
        case .report(let finished, _): report = finished
        case .misuse(let message, let exitCode):
            files.discard()
            Console.complain("pgsmoke: \(message)")
            return ending(exitCode)
        }
        let isStdoutTaken = [junit, json, fix].contains("-")
        let text = TerminalReport.text(
            of: report,
            detail: quiet ? .quiet : verbose ? .verbose : .normal,
            isColoured: Console.isColoured(
                isStdoutTaken ? STDERR_FILENO : STDOUT_FILENO,
                settings.environment
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

    /// The run that options and settings file describe.
    func session(_ settings: RunSettings) -> Session {
        let voice = quiet ? Voice.silent : .of(settings.environment)
        if let file = settings.file { voice.say("settings from \(PrintableText.line(file.path))") }
        return Session(
            target: settings.target,
            selection: patterns.selection,
            roles: roles,
            operations: operations?.operations,
            settings: settings.file,
            environment: settings.environment,
            triesFuture: future,
            options: EngineOptions(
                jobs: jobs,
                sequences: sequences,
                lockTimeout: lockTimeout.milliseconds,
                statementTimeout: statementTimeout.milliseconds,
                rowBudget: Int(rowBudget * 1_000),
                showsRows: showRows
            ),
            voice: voice,
            patience: connection.patience,
            lintsWithout: lint ? settings.disabledLints.union(disable) : nil
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
