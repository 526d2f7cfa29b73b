package import Trials

/// The report that a person reads, failures first.
package struct TerminalReport {
    /// How much is told.
    package enum Detail: Sendable {
        /// Failures, errors and the summary.
        case quiet
        case normal
        /// Passed cases and every name, too.
        case verbose
    }

    private let report: RunReport
    private let detail: Detail
    private let style: TerminalStyle

    /// Returns the whole text, with a final newline.
    ///
    /// No line starts with text from the database and no control character of it survives.
    package static func text(
        of report: RunReport,
        detail: Detail = .normal,
        isColoured: Bool = false
    ) -> String {
        let style = TerminalStyle(isColoured: isColoured)
        let blocks = Self(report: report, detail: detail, style: style).blocks
        return blocks.joined(separator: [""]).joined(separator: "\n") + "\n"
    }

    private var blocks: [[String]] {
        var blocks: [[String]] = []
        blocks += cases(.failed, "FAILED", .bad).detailed
        blocks += cases(.uncovered, "UNCOVERED", .bad).detailed
        blocks += cases(.error, "ERROR", .bad).detailed
        if detail != .quiet {
            blocks += cases(.inconclusive, "INCONCLUSIVE", .doubtful).detailed
            blocks += cases(.skipped, "SKIPPED", .strong).compact
            blocks += passed
        } else {
            blocks += remarked
        }
        blocks += TerminalRun(report: report, detail: detail, style: style).blocks
        blocks.append([style.toned(Summary.line(of: report), tone)])
        return blocks
    }

    private var passed: [[String]] {
        detail == .verbose ? cases(.passed, "PASSED", .good).detailed : remarked
    }

    /// A pass that proves less than it seems to, as of a superuser, does not go unsaid.
    private var remarked: [[String]] {
        cases(.passed, "PASSED, with a remark", .strong) { $0.reason != nil }.compact
    }

    private func cases(
        _ verdict: Verdict,
        _ title: String,
        _ tone: TerminalStyle.Tone,
        where isIncluded: (Record) -> Bool = { _ in true }
    ) -> TerminalCases {
        TerminalCases(
            title: title,
            tone: tone,
            records: report.records.filter { $0.verdict == verdict && isIncluded($0) },
            isVerbose: detail == .verbose,
            style: style
        )
    }

    private var tone: TerminalStyle.Tone {
        if [.failed, .uncovered, .error].contains(where: { report.count(of: $0) > 0 }) {
            return .bad
        }
        return report.count(of: .inconclusive) > 0 || report.records.isEmpty ? .doubtful : .good
    }
}
