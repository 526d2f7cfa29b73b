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
        guard rest.isEmpty else { return "no expectation failed, \(rest.joined(separator: ", "))" }
        return "every expectation held"
    }

    private static func failure(_ report: RunReport) -> String {
        failures(report) ?? "--strict lets no doubtful result pass"
    }

    private static func failures(_ report: RunReport) -> String? {
        let failed = report.count(of: .failed)
        let words = [
            failed > 0 ? "\(Quantity(failed, "expectation")) failed" : nil,
            Summary.counted(report, .uncovered, "uncovered"),
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private static func obstacle(_ report: RunReport) -> String {
        if let record = report.records.first(where: \.trial.isOfWholeRun) {
            // With an answer of the server's own, the reason says what stood in the way.
            return record.message == nil
                ? PrintableText.line(record.reason ?? "") : "no connection to the server"
        }
        let errors = report.count(of: .error)
        if errors == 0 { return "the run could not finish" }
        return "\(Quantity(errors, "case")) could not be tried"
    }

    private static func emptiness(_ report: RunReport) -> String {
        report.records.isEmpty ? "no trial was carried out" : "not one trial passed or failed"
    }

    private static func isTried(_ report: RunReport) -> Bool {
        report.count(of: .passed) + report.count(of: .failed) > 0
    }
}
