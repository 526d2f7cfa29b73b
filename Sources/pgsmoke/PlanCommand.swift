import ArgumentParser
import Engine
import FoundationEssentials
import Reports
import Trials

/// `pgsmoke plan`: the SQL that a run sends, as a script.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Print the SQL of the trials, as a script for psql.",
        discussion: """
            Carries the run out as pgsmoke run does, reports nothing, and prints the statements of \
            the attempt that decided each trial. The script changes nothing either, and prints the \
            number and the SQLSTATE of each trial.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup var run: RunCommand

    func validate() throws {
        guard run.reports.areAbsent else {
            throw ValidationError(
                "pgsmoke plan writes no report; use pgsmoke run for --junit, --json and --fix."
            )
        }
        guard run.verdict.areAbsent else {
            throw ValidationError(
                "pgsmoke plan gives no verdict; use pgsmoke run for --strict, --baseline, "
                    + "--write-baseline, --exit-zero and --allow-empty."
            )
        }
    }

    /// Carries the run out, prints the script and returns the exit code.
    ///
    /// What a trial came to is no concern of a plan: with a script to show it has succeeded.
    func status() async -> Int32 {
        var session: Session
        do { session = try run.session(try run.connection.settings()) } catch {
            return error.told()
        }
        session.options.keepsPlans = true
        session.options.provesCures = false
        switch await session.run() {
        case .report(let report, let plans):
            let code =
                [ExitCode.failed, ExitCode.nothingTried].contains(report.exitCode) && !plans.isEmpty
                ? 0 : report.exitCode
            if let server = report.server, !plans.isEmpty {
                Console.print(PlanScript.text(of: plans, on: server))
            } else {
                Console.complain(TerminalReport.text(of: report, detail: .quiet))
            }
            return Console.end(with: code, code == 0 ? nil : report)
        case .misuse(let misuse): return misuse.told()
        }
    }
}
