import ArgumentParser
import FoundationEssentials
import Reports
import Trials

/// `pgsmoke merge`: the reports of a run's shards, joined into that of the whole run.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the JSON reports of a run's shards and write every report of the whole.",
        discussion: """
            Takes what pgsmoke run --shard I/N --json FILE wrote, one file for each of the N shards, \
            and tells what the run without shards would have told, with its exit code. Nothing is \
            connected to.
            """,
        helpNames: RootCommand.helpNames
    )

    @Argument(help: ArgumentHelp("The JSON report of each shard.", valueName: "file"))
    var files: [String]

    @OptionGroup(title: "Reports") var reports: ReportOptions

    @OptionGroup(title: "Verdict") var verdict: VerdictOptions

    /// Writes the reports of the whole run and returns its exit code.
    func status() -> Int32 {
        var report: RunReport
        let policy: VerdictPolicy
        let reporting: Reporting
        do throws(Misuse) {
            report = try whole()
            policy = try verdict.policy()
            reporting = try Reporting(
                reports,
                baseline: verdict.writeBaseline,
                ProcessInfo.processInfo.environment
            )
        } catch {
            return error.told()
        }
        policy.settle(&report)
        return reporting.tell(report)
    }

    private func whole() throws(Misuse) -> RunReport {
        var parts: [ShardMerge.Part] = []
        for file in files {
            let report = try StoredReport.read(
                file,
                as: nil,
                cure: "name what pgsmoke --shard I/N --json FILE wrote"
            )
            parts.append(ShardMerge.Part(file: file, report: report))
        }
        do throws(UnmergeableReports) {
            return try ShardMerge.whole(of: parts)
        } catch {
            throw Misuse(message: error.message)
        }
    }
}
