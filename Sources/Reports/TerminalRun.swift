import Trials

/// What concerns the run as a whole, as a person reads it.
struct TerminalRun {
    let report: RunReport
    let detail: TerminalReport.Detail
    let style: TerminalStyle

    /// Returns one block, headed by where the run took place; none if there is nothing to tell.
    ///
    /// A quiet one holds what makes the results worth less: roles that cannot log in.
    var blocks: [[String]] {
        if detail == .quiet { return logins.isEmpty ? [] : [logins] }
        let lines = leftOut + consumed + logins + notes + baseline
        guard let server = report.server else {
            return lines.isEmpty ? [] : [["pgsmoke \(report.version)"] + lines]
        }
        let heading =
            "PostgreSQL \(PrintableText.line(server.version)), "
            + "database \(PrintableText.name(server.database)), connected as \(PrintableText.name(server.user))"
        return [[heading] + lines]
    }

    private var leftOut: [String] {
        report.leftOut.grouped(by: \.reason).flatMap { reason, objects in
            let count = Quantity(objects.count, "object")
            let names = listed(objects.map { PrintableText.name(of: $0.object) })
            return style.ruled("left out", "\(count) (\(PrintableText.line(reason)))\(names)")
        }
    }

    private var consumed: [String] {
        let consumed = report.sequencesConsumed
        guard !consumed.isEmpty else { return [] }
        let values = Quantity(consumed.reduce(0) { $0 + $1.values }, "value")
        let names = consumed.map { PrintableText.name(of: $0.sequence) }
        if names.count == 1 { return style.ruled("consumed", "\(values) of \(names[0])") }
        let each = zip(names, consumed).map { "\($0) (\($1.values))" }
        let sequences = Quantity(consumed.count, "sequence")
        return style.ruled("consumed", "\(values) of \(sequences)\(listed(each))")
    }

    private var logins: [String] {
        report.logins.filter { !$0.canLogIn }.flatMap { login in
            let why = PrintableText.line(login.why)
            return style.ruled("login", "\(PrintableText.name(login.role)) cannot log in: \(why)")
        }
    }

    private var notes: [String] {
        report.notes.flatMap { style.ruled("note", PrintableText.line($0)) }
    }

    private var baseline: [String] {
        guard let baseline = report.baseline else { return [] }
        let cured = baseline.cured.enumerated().flatMap { place, name in
            style.ruled(place == 0 ? "cured" : "", PrintableText.line(name), isBroken: false)
        }
        guard !baseline.gone.isEmpty else { return cured }
        let count = Quantity(baseline.gone.count, "failure")
        let names = listed(baseline.gone.map(PrintableText.line))
        return cured
            + style.ruled("gone", "\(count) of the baseline that this run did not try\(names)")
    }

    private func listed(_ names: [String]) -> String {
        guard detail == .verbose || names.count <= TerminalCases.few else { return "" }
        return ": \(names.joined(separator: ", "))"
    }
}
