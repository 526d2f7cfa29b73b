import Trials

/// The cases of one verdict as a person reads them.
struct TerminalCases {
    /// As many names as are listed without being asked for.
    static let few = 3

    let title: String
    let tone: TerminalStyle.Tone
    let records: [Record]
    let isVerbose: Bool
    let style: TerminalStyle

    /// Returns one block for each role and schema, with all that is known about each case.
    var detailed: [[String]] {
        records.grouped(by: { place(of: $0.trial) }).map { place, records in
            let heading = style.toned(title, tone) + (place.isEmpty ? "" : "  \(place)")
            return [heading, ""] + alike(records).map(entry).joined(separator: [""])
        }
    }

    /// Returns one block with a line for each reason.
    var compact: [[String]] {
        guard !records.isEmpty else { return [] }
        var lines = [style.toned(title, tone)]
        for (reason, records) in records.grouped(by: \.headline) {
            lines += style.ruled("\(Quantity(records.count, "case"))", reason)
            if isVerbose || records.count <= Self.few {
                lines += records.flatMap { style.ruled("", name(of: $0), isBroken: false) }
            }
        }
        return [lines]
    }

    private func place(of trial: Trial) -> String {
        if trial.isOfWholeRun { return "" }
        if trial.operation == .lint { return "lint" }
        let role = PrintableText.name(trial.role)
        let schema = trial.operation == .future ? trial.object.name : trial.object.schema
        guard let schema else { return "role \(role)" }
        return "role \(role), schema \(PrintableText.name(schema))"
    }

    /// Brings the cases together that differ in nothing but their names and statements: one
    /// forgotten schema privilege stops all of its tables.
    private func alike(_ records: [Record]) -> [(facts: [Fact], records: [Record])] {
        records.grouped(by: { facts(of: $0, isAlone: isVerbose) }).map { facts, records in
            (records.count == 1 ? self.facts(of: records[0], isAlone: true) : facts, records)
        }
    }

    private func facts(of record: Record, isAlone: Bool) -> [Fact] {
        record.facts.filter { fact in
            if record.verdict == .passed { return [.reason, .decided].contains(fact.label) }
            return isAlone || fact.label != .tried
        }
    }

    private func entry(_ facts: [Fact], of records: [Record]) -> [String] {
        var lines = records.map { "  \(style.toned(name(of: $0), .strong))" }
        var last: Fact.Label?
        for fact in facts {
            lines += style.ruled(
                fact.label == last ? "" : fact.label.rawValue,
                fact.text,
                indent: "  ",
                tone: fact.label.isStatement ? .good : fact.label == .denied ? .strong : nil,
                // A statement is there to be copied.
                isBroken: !fact.label.isStatement,
                most: fact.label == .tried && !isVerbose ? 3 : .max
            )
            last = fact.label
        }
        return lines
    }

    private func name(of record: Record) -> String {
        PrintableText.line(record.trial.name)
    }
}
