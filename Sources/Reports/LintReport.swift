package import Trials

/// The findings of `lint` as a person reads them, the gravest first.
package struct LintReport {
    private let style: TerminalStyle

    /// Returns the whole text, with a final newline; no line starts with text from the database.
    package static func text(of findings: [Finding], isColoured: Bool = false) -> String {
        let report = Self(style: TerminalStyle(isColoured: isColoured))
        let blocks = findings.map(report.block) + [[report.summary(of: findings)]]
        return blocks.joined(separator: [""]).joined(separator: "\n") + "\n"
    }

    /// Returns the findings as JSON, with a final newline.
    package static func json(of findings: [Finding]) -> String {
        let lines = findings.map { finding in
            let mending = finding.mending.map { cure in
                "{\"sql\": \(JSONText.quoted(cure.sql)), \"runBy\": \(JSONText.quoted(cure.runBy))}"
            }
            let object = finding.object
            return "  {\"code\": \(JSONText.quoted(finding.code)), "
                + "\"severity\": \"\(finding.severity.rawValue)\", "
                + "\"object\": {\"kind\": \"\(object.kind.rawValue)\", "
                + "\"schema\": \(object.schema.map(JSONText.quoted) ?? "null"), "
                + "\"name\": \(JSONText.quoted(object.name))}, "
                + "\"reason\": \(JSONText.quoted(finding.reason)), "
                + "\"mending\": [\(mending.joined(separator: ", "))]}"
        }
        return "{\"findings\": [" + (lines.isEmpty ? "" : "\n")
            + lines.joined(separator: ",\n") + (lines.isEmpty ? "" : "\n") + "]}\n"
    }

    private func block(_ finding: Finding) -> [String] {
        let tone: TerminalStyle.Tone =
            switch finding.severity {
            case .error: .bad
            case .warning: .doubtful
            case .notice: .strong
            }
        let object = PrintableText.name(of: finding.object)
        let kind = finding.object.kind.rawValue
        var lines = [
            "\(style.toned(finding.severity.rawValue, tone)) \(finding.code): \(kind) "
                + style.toned(object, .strong)
        ]
        lines += style.ruled("reason", PrintableText.line(finding.reason))
        var runner: String?
        for cure in finding.mending {
            if let runner, runner != cure.runBy { lines += runAs(runner) }
            runner = cure.runBy
            lines += style.ruled(
                "mend",
                PrintableText.line(cure.sql) + ";",
                tone: .good,
                isBroken: false
            )
        }
        if let runner { lines += runAs(runner) }
        return lines
    }

    private func runAs(_ role: String) -> [String] {
        style.ruled("run as", PrintableText.name(role))
    }

    private func summary(of findings: [Finding]) -> String {
        guard !findings.isEmpty else { return style.toned("no findings", .good) }
        let counts = [Severity.error, .warning, .notice].compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : "\(Quantity(count, severity.rawValue))"
        }
        let isBad = findings.contains { $0.severity == .error }
        return style.toned(counts.joined(separator: ", "), isBad ? .bad : .doubtful)
    }
}
