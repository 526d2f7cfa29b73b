import ArgumentParser
import FoundationEssentials
import Reports
import Trials

/// `pgsmoke fix`: the proven cures of a run, as a script.
struct FixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fix",
        abstract: "Print the proven GRANTs that cure every failure, as a script for psql.",
        discussion: """
            Carries the run out as pgsmoke run does and prints the GRANTs that were tried and worked, \
            each with the cases that it cures. Nothing is granted: the script is for whoever may run \
            it. Ends with 0 if the script cures every failure, with 1 if not.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup var run: RunCommand

    func validate() throws {
        guard run.reports.areAbsent else {
            throw ValidationError(
                "pgsmoke fix prints the script; use pgsmoke run for --junit, --json and --fix."
            )
        }
        guard run.verdict.areAbsent else {
            throw ValidationError(
                "pgsmoke fix gives no verdict; use pgsmoke run for --strict, --baseline, "
                    + "--write-baseline, --exit-zero and --allow-empty."
            )
        }
    }

    /// Carries the run out, prints the script and returns the exit code.
    func status() async -> Int32 {
        let session: Session
        do { session = try run.session(try run.connection.settings()) } catch {
            return error.told()
        }
        switch await session.run() {
        case .report(let report, _):
            guard report.server != nil else {
                Console.complain(TerminalReport.text(of: report, detail: .quiet))
                return Console.end(with: report.exitCode, report)
            }
            let isCured = FixScript.curesEverything(report)
            let code = report.exitCode == ExitCode.failed && isCured ? 0 : report.exitCode
            Console.print(FixScript.text(of: report))
            if code != 0 { Console.complain(TerminalReport.text(of: report, detail: .quiet)) }
            Console.complain(code == 0 ? Self.success : ExitMeaning.line(code, report: report))
            return code
        case .misuse(let misuse): return misuse.told()
        }
    }

    private static let success = "pgsmoke: exit 0: the script cures every failure"
}
