import Trials

/// One labelled line about a case, free of control characters.
struct Fact: Hashable {
    enum Label: String {
        case tried
        case denied
        case server
        case reason
        case reached
        case decided
        case cure
        case runBy = "run as"
        /// Why it will come back.
        case again
        /// What ends that.
        case ends = "for good"

        /// Whether the fact is SQL to be run.
        var isStatement: Bool { self == .cure || self == .ends }
    }

    let label: Label
    let text: String
}

extension Record {
    /// The one line that says why, for readers who see no more than that.
    var headline: String {
        let lacks = missing.map { "\(PrintableText.name($0.grantee)) lacks \(described($0))" }
        let texts = [lacks.joined(separator: "; "), oneLine(reason ?? ""), oneLine(message ?? "")]
        return texts.first { !$0.allSatisfy(\.isWhitespace) } ?? "no reason is known"
    }

    /// Everything that a person is told about the case beyond its name, in the order of reading.
    var facts: [Fact] {
        var facts: [Fact] = []
        func add(_ label: Fact.Label, _ text: String?) {
            if let text { facts.append(Fact(label: label, text: text)) }
        }
        add(.tried, tried.map(oneLine))
        for privilege in missing { add(.denied, denial(privilege)) }
        add(.server, serverAnswer)
        add(.reason, reason.map(oneLine))
        if verdict == .inconclusive { add(.reached, stage.map(reached)) }
        if decidedBy == .catalog { add(.decided, "from the catalog; nothing was executed") }
        add(cure, .cure)
        if let recurrence {
            add(.again, oneLine(recurrence.why))
            add(recurrence.cure, .ends)
        }
        return facts

        func add(_ cures: [Cure], _ label: Fact.Label) {
            for (role, cures) in cures.grouped(by: \.runBy) {
                for cure in cures { add(label, terminated(PrintableText.line(cure.sql))) }
                add(.runBy, PrintableText.name(role) + proof(of: cures, label))
            }
        }
    }

    private func proof(of cures: [Cure], _ label: Fact.Label) -> String {
        if cures.allSatisfy(\.isProven) {
            return label == .ends ? " (tried on a new table: it works)" : " (tried: this cures it)"
        }
        let doubt = cures.lazy.compactMap(\.doubt).first.map { ": \(oneLine($0))" } ?? ""
        return " (not proven\(doubt))"
    }

    private var serverAnswer: String? {
        let state = sqlState.map { "SQLSTATE \(PrintableText.line($0))" }
        guard let message else { return state }
        return oneLine(message) + (state.map { " (\($0))" } ?? "")
    }

    private func denial(_ privilege: MissingPrivilege) -> String {
        let isAnothers = privilege.grantee != trial.role && trial.operation != .setRole
        return described(privilege)
            + (isAnothers
                ? " to \(PrintableText.name(privilege.grantee)), whose rights the server used" : "")
    }

    private func described(_ privilege: MissingPrivilege) -> String {
        if trial.operation == .future, let schema = privilege.object.schema {
            return PrintableText.line(privilege.displayedPrivilege)
                + " on new \(privilege.object.kind.rawValue)s in schema \(PrintableText.name(schema))"
        }
        return PrintableText.line(privilege.displayedPrivilege)
            + " on \(privilege.object.kind.rawValue) \(PrintableText.name(of: privilege.object))"
    }

    private func reached(_ stage: Stage) -> String {
        stage == .parse ? "parse; nothing is proven" : "\(stage.rawValue); all before it is proven"
    }

    /// The server breaks its longer messages into lines, indented by tabs.
    private func oneLine(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline)
        return PrintableText.line(
            lines.map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: " ")
        )
    }

    private func terminated(_ sql: String) -> String {
        sql.hasSuffix(";") ? sql : sql + ";"
    }
}
