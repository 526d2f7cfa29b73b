import Trials

/// The counts of a run in words.
enum Summary {
    /// Returns the last line of a report, `2 failed, 1 inconclusive, 11 passed in 0.12 s`.
    ///
    /// What a baseline knows is counted apart: `1 failed, 3 known, 11 passed (2 cured) in 0.12 s`.
    static func line(of report: RunReport) -> String {
        let counts = [
            counted(report, .failed, "failed"),
            counted(report, .uncovered, "uncovered"),
            counted(report, .error, report.count(of: .error) == 1 ? "error" : "errors"),
            known(report),
            counted(report, .inconclusive, "inconclusive"),
            counted(report, .skipped, "skipped"),
            counted(report, .passed, "passed").map { $0 + cured(report) },
        ].compactMap(\.self)
        let words = counts.isEmpty ? "no trials" : counts.joined(separator: ", ")
        let shard = report.shard.map { ", \($0.shard)" } ?? ""
        return "\(words) in \(TimeText.seconds(report.seconds, decimals: 2)) s\(shard)"
    }

    /// Returns `2 failed`, without those that a baseline knows, or `nil` for none.
    static func counted(_ report: RunReport, _ verdict: Verdict, _ word: String) -> String? {
        let count = report.records.count { $0.verdict == verdict && !$0.isKnown }
        return count > 0 ? "\(count) \(word)" : nil
    }

    private static func known(_ report: RunReport) -> String? {
        let count = report.records.count(where: \.isKnown)
        return count > 0 ? "\(count) known" : nil
    }

    private static func cured(_ report: RunReport) -> String {
        let count = report.baseline?.cured.count ?? 0
        return count > 0 ? " (\(count) cured)" : ""
    }
}
