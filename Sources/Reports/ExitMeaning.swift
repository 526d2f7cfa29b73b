package import Trials

/// What an exit code says, in words.
package enum ExitMeaning {
    /// Returns the last line on stderr, such as `pgsmoke: exit 1: 2 expectations failed`.
    ///
    /// Without a report, as for wrong usage, it is the general meaning of the code.
    package static func line(_ code: Int32, report: RunReport? = nil) -> String {
        "pgsmoke: exit \(code): \(meaning(of: code, report: report))"
    }

    /// Returns the line for a command that says itself what its code means; `nil` is the general
    /// meaning.
    package static func line(_ code: Int32, saying meaning: String?) -> String {
        meaning.map { "pgsmoke: exit \(code): \($0)" } ?? line(code)
    }

    private static func meaning(of code: Int32, report: RunReport?) -> String {
        switch code {
        case 0: report.map(success) ?? "done"
        case 1: report.map(failure) ?? "expectations failed"
        case 2: report.map(obstacle) ?? "the run could not start or finish"
        case 3: report.map(emptiness) ?? "no trial was carried out"
        case 64: "wrong usage, see pgsmoke --help"
        case 70: "a bug in pgsmoke, please report it"
        case 78: "an error in the configuration file"
        case 130: "interrupted"
        case 143: "terminated"
        default: "unknown"
        }
    }

    private static func success(_ report: RunReport) -> String {
        if let failures = failures(report) { return "\(failures), let pass by --exit-zero" }
        if !isTried(report) { return "\(emptiness(report)), let pass by --allow-empty" }
        let rest = [
            Summary.counted(report, .inconclusive, "inconclusive"),
            Summary.counted(report, .skipped, "skipped"),
        ].compactMap(\.self)
        let known = known(report).map { "nothing failed but \($0)" }
        guard known != nil || !rest.isEmpty else { return "every expectation held" }
        return ([known ?? "no expectation failed"] + rest).joined(separator: ", ")
    }

    private static func failure(_ report: RunReport) -> String {
        let besides = known(report).map { ", besides \($0)" } ?? ""
        let rest = report.cutShort == .failFast ? "; \(leftOut(report)) by --fail-fast" : ""
        return (failures(report) ?? "expectations failed") + besides + rest
    }

    private static func failures(_ report: RunReport) -> String? {
        let failing = report.failing
        let failed = failing.count { $0.verdict == .failed }
        let sorts: [(Int, String)] = [
            (failing.count { $0.verdict == .uncovered }, "uncovered"),
            (failing.count { $0.verdict == .inconclusive }, "inconclusive"),
            (failing.count { $0.verdict == .skipped }, "skipped"),
            (failing.count { $0.verdict == .passed }, "vacuous"),
        ]
        var words = sorts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        if failed > 0 { words.insert("\(Quantity(failed, "expectation")) failed", at: 0) }
        guard !words.isEmpty else { return nil }
        let isByStrictness = failing.contains { !$0.fails(strictly: false) }
        return words.joined(separator: ", ") + (isByStrictness ? " (--strict)" : "")
    }

    private static func known(_ report: RunReport) -> String? {
        let count = report.records.count(where: \.isKnown)
        return count > 0 ? "\(Quantity(count, "failure")) that the baseline knows" : nil
    }

    private static func obstacle(_ report: RunReport) -> String {
        if let record = report.records.first(where: \.trial.isOfWholeRun) {
            // With an answer of the server's own, the reason says what stood in the way.
            return record.message == nil
                ? PrintableText.line(record.reason ?? "") : "no connection to the server"
        }
        let errors = report.count(of: .error)
        let words = [
            errors > 0 ? "\(Quantity(errors, "case")) could not be tried" : nil,
            report.cutShort.flatMap {
                $0 == .failFast ? nil : "\($0.rawValue), \(leftOut(report))"
            },
        ].compactMap(\.self)
        return words.isEmpty ? "the run could not finish" : words.joined(separator: "; ")
    }

    private static func leftOut(_ report: RunReport) -> String {
        let reasons = [CutShort.interrupted, .failFast, .timeLimit].map(\.reason)
        let count = report.records.count { record in
            record.verdict == .skipped && record.reason.map(reasons.contains) ?? false
        }
        return count > 0 ? "\(Quantity(count, "case")) skipped" : "not everything was looked at"
    }

    private static func emptiness(_ report: RunReport) -> String {
        guard report.records.isEmpty else { return "not one trial passed or failed" }
        return report.shard.map { "no case belongs to \($0.shard)" } ?? "no trial was carried out"
    }

    private static func isTried(_ report: RunReport) -> Bool {
        report.count(of: .passed) + report.count(of: .failed) > 0
    }
}
