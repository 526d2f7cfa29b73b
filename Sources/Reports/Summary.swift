import Trials

/// The counts of a run in words.
enum Summary {
    /// Returns the last line of a report, `2 failed, 1 inconclusive, 11 passed in 0.12 s`.
    static func line(of report: RunReport) -> String {
        let counts = [
            counted(report, .failed, "failed"),
            counted(report, .uncovered, "uncovered"),
            counted(report, .error, report.count(of: .error) == 1 ? "error" : "errors"),
            counted(report, .inconclusive, "inconclusive"),
            counted(report, .skipped, "skipped"),
            counted(report, .passed, "passed"),
        ].compactMap(\.self)
        let words = counts.isEmpty ? "no trials" : counts.joined(separator: ", ")
        return "\(words) in \(TimeText.seconds(report.seconds, decimals: 2)) s"
    }

    /// Returns `2 failed`, or `nil` for none.
    static func counted(_ report: RunReport, _ verdict: Verdict, _ word: String) -> String? {
        let count = report.count(of: verdict)
        return count > 0 ? "\(count) \(word)" : nil
    }
}
