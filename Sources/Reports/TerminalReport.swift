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
        // Strictly, these are failures, of which a quiet report tells, too.
        if detail != .quiet || report.isStrict {
            blocks += cases(.inconclusive, "INCONCLUSIVE", .doubtful).detailed
            blocks += cases(.skipped, "SKIPPED", .strong).compact
        }
        if detail != .quiet { blocks += known }
        blocks += passed
        blocks += TerminalRun(report: report, detail: detail, style: style).blocks
        blocks.append([style.toned(Summary.line(of: report), tone)])
        return blocks
    }

    private var passed: [[String]] {
        detail == .verbose ? cases(.passed, "PASSED", .good).detailed : remarked
    }

    /// What the baseline knows: it is to be seen, and not to be looked for among what is new.
    private var known: [[String]] {
        let records = report.records.filter(\.isKnown)
        let cases = TerminalCases(
            title: "KNOWN",
            tone: .strong,
            records: records,
            isVerbose: detail == .verbose,
            style: style
        )
        return detail == .verbose ? cases.detailed : cases.compact
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
            records: report.records.filter {
                $0.verdict == verdict && !$0.isKnown && isIncluded($0)
            },
            isVerbose: detail == .verbose,
            style: style
        )
    }

    private var tone: TerminalStyle.Tone {
        if report.count(of: .error) > 0 || !report.failing.isEmpty { return .bad }
        return report.count(of: .inconclusive) > 0 || report.records.isEmpty ? .doubtful : .good
    }
}
