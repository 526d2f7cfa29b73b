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

    @OptionGroup var sharding: ShardOptions

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

    @OptionGroup var ending: EndingOptions

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

    @OptionGroup(title: "Reports") var reports: ReportOptions

    @OptionGroup(title: "Verdict") var verdict: VerdictOptions

    func validate() throws {
        guard (1...64).contains(jobs) else {
            throw ValidationError("--jobs takes a number from 1 to 64.")
        }
        guard (0...3_600).contains(rowBudget) else {
            throw ValidationError("--row-budget takes seconds, from 0 to 3600.")
        }
        guard !ending.failFast || verdict.writeBaseline == nil else {
            throw ValidationError("--write-baseline needs the whole run; leave --fail-fast away.")
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
        var session: Session
        let reporting: Reporting
        do throws(Misuse) {
            let settings = try connection.settings()
            session = try self.session(settings)
            session.policy = try verdict.policy()
            try checkBaseline(session.shard)
            reporting = try Reporting(
                reports,
                baseline: verdict.writeBaseline,
                settings.environment
            )
        } catch {
            return error.told()
        }
        switch await session.run() {
        case .report(let report, _): return reporting.tell(report)
        case .misuse(let misuse): return reporting.tell(misuse)
        }
    }

    /// A shard knows too little to write a baseline.
    private func checkBaseline(_ shard: Shard?) throws(Misuse) {
        guard let shard, shard.count > 1, verdict.writeBaseline != nil else { return }
        throw Misuse(
            message: "--write-baseline needs the whole run, and this is \(shard); give it to "
                + "pgsmoke merge, or try everything with --shard 1/1"
        )
    }

    /// The run that options and settings file describe.
    ///
    /// - Throws: `Misuse` for variables of a CI system that make no sense.
    func session(_ settings: RunSettings) throws(Misuse) -> Session {
        let voice = reports.quiet ? Voice.silent : .of(settings.environment)
        let part = try sharding.resolved(settings.environment)
        if let part, let origin = part.origin {
            // Never silent: whoever did not mean it would take a part for the whole.
            Console.complain(
                "pgsmoke: this is \(part.shard), by \(origin); the rest is for the other jobs "
                    + "(--shard 1/1 tries everything)"
            )
        }
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
            patience: connection.patience.limited(to: ending.timeLimit),
            lintsWithout: lint ? settings.disabledLints.union(disable) : nil,
            shard: part?.shard,
            failsFast: ending.failFast,
            timeLimit: ending.timeLimit.map { .seconds($0) }
        )
    }
}

extension SequencePolicy: ExpressibleByArgument {}
