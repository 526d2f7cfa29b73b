import Trials

/// How the verdicts of a run make its exit code.
struct VerdictPolicy: Sendable {
    /// Whether results that prove nothing fail the run, too.
    var isStrict = false
    /// The failures of an earlier run that do not fail this one.
    var baseline: Baseline?
    var letsFailuresPass = false
    var letsEmptinessPass = false

    /// Whether a case fails the run.
    func fails(_ record: Record) -> Bool {
        record.wouldFail(strictly: isStrict)
            && !(baseline?.knows(record, strictly: isStrict) ?? false)
    }

    /// Holds the report against the baseline and gives it its exit code.
    func settle(_ report: inout RunReport, signal: Int32? = nil) {
        report.isStrict = report.isStrict || isStrict
        baseline?.mark(&report)
        report.exitCode = signal.map { 128 + $0 } ?? code(of: report)
    }

    /// Returns the first code that holds.
    private func code(of report: RunReport) -> Int32 {
        let isUnfinished = [.interrupted, .timeLimit].contains(report.cutShort)
        if report.count(of: .error) > 0 || isUnfinished { return ExitCode.couldNotRun }
        if !report.failing.isEmpty { return letsFailuresPass ? 0 : ExitCode.failed }
        if report.count(of: .passed) + report.count(of: .failed) > 0 { return 0 }
        return letsEmptinessPass ? 0 : ExitCode.nothingTried
    }
}
