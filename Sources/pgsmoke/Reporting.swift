import Glibc
import Reports
import Trials

/// Tells what a run came to: on the terminal, in the report files, and in the last line on stderr.
struct Reporting {
    private let options: ReportOptions
    private let files: ReportFiles
    private let environment: [String: String]

    /// Makes sure that all files can be written.
    ///
    /// - Throws: `Misuse` for one that cannot be.
    init(
        _ options: ReportOptions,
        baseline: String?,
        _ environment: [String: String]
    ) throws(Misuse) {
        self.options = options
        self.environment = environment
        do throws(ReportFile.Unwritable) {
            files = try ReportFiles(
                junit: options.junit,
                json: options.json,
                fix: options.fix,
                baseline: baseline
            )
        } catch {
            throw Misuse(message: error.message)
        }
    }

    /// Writes everything and returns the exit code.
    func tell(_ report: RunReport) -> Int32 {
        let text = TerminalReport.text(
            of: report,
            detail: options.quiet ? .quiet : options.verbose ? .verbose : .normal,
            isColoured: Console.isColoured(
                options.takesStdout ? STDERR_FILENO : STDOUT_FILENO,
                environment
            )
        )
        if options.takesStdout { Console.complain(text) } else { Console.print(text) }
        if options.junit != nil, report.records.count > Self.manyCases {
            Console.complain(
                "pgsmoke: the JUnit file holds \(report.records.count) cases; some readers take "
                    + "no more than \(Self.manyCases) of one file, so split the run with -n, -t or --shard"
            )
        }
        do {
            try files.write(report)
        } catch {
            Console.complain("pgsmoke: \(error.message)")
            return Console.end(with: ExitCode.couldNotRun)
        }
        return Console.end(with: report.exitCode, report)
    }

    /// Tells that nothing was tried, leaves the files as they were and returns the exit code.
    func tell(_ misuse: Misuse) -> Int32 {
        files.discard()
        return misuse.told()
    }

    /// What the strictest of the known readers of JUnit files accepts.
    private static let manyCases = 5_000
}
