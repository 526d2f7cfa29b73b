package import Trials

/// An explanation as a person reads it: a short proof for each privilege.
package struct ExplainReport {
    private let explanation: Explanation
    private let style: TerminalStyle

    /// Returns the whole text, with a final newline; no line starts with text from the database.
    package static func text(of explanation: Explanation, isColoured: Bool = false) -> String {
        let report = Self(
            explanation: explanation,
            style: TerminalStyle(isColoured: isColoured)
        )
        return report.blocks.joined(separator: [""]).joined(separator: "\n") + "\n"
    }

    private var blocks: [[String]] {
        var blocks: [[String]] = []
        if let schema = explanation.schema { blocks.append(privilege(schema, isOnTheWay: true)) }
        blocks += explanation.privileges.map { privilege($0, isOnTheWay: false) }
        blocks.append(acl)
        if !explanation.defaults.isEmpty { blocks.append(defaults) }
        let notes = explanation.notes.flatMap { style.ruled("note", PrintableText.line($0)) }
        if !notes.isEmpty { blocks.append(notes) }
        return blocks
    }

    private var role: String { PrintableText.name(explanation.role) }

    private func privilege(_ privilege: PrivilegeExplanation, isOnTheWay: Bool) -> [String] {
        let (verdict, tone): (String, TerminalStyle.Tone) =
            switch privilege.effective {
            case .yes: ("yes", .good)
            case .no: ("no", .bad)
            case .setRole: ("only after SET ROLE", .doubtful)
            case .columns: ("only on columns", .doubtful)
            }
        let subject = PrintableText.line("\(privilege.privilege) on \(privilege.object)")
        var lines = [
            style.toned(subject, .strong) + " for \(role)"
                + (isOnTheWay ? ", on the way" : "") + ": " + style.toned(verdict, tone)
        ]
        for way in privilege.ways {
            for (number, step) in proof(of: way, privilege).enumerated() {
                lines += style.ruled(number == 0 ? label(of: way) : "", step)
            }
        }
        if let note = privilege.note { lines += style.ruled("note", PrintableText.line(note)) }
        if privilege.ways.isEmpty, !privilege.cures.isEmpty {
            let lacks = "granted neither to \(role) nor to a role that it is a member of"
            lines += style.ruled("missing", lacks, tone: .bad)
        }
        for (number, cure) in privilege.cures.enumerated() {
            let label = number == 0 ? "grant" : "or"
            lines += style.ruled(label, terminated(cure.sql), tone: .good, isBroken: false)
            let owner = PrintableText.name(cure.runBy)
            let runners = number == 0 ? ["\(owner) (the owner)"] + privilege.grantors : [owner]
            lines += style.ruled("run as", runners.joined(separator: ", "))
        }
        return lines
    }

    private func label(of way: Way) -> String {
        switch way.passage {
        case .open: "by"
        case .afterSetRole: "set role"
        case .blocked: "blocked"
        }
    }

    /// Returns the way link by link, and last what stands in it.
    private func proof(of way: Way, _ privilege: PrivilegeExplanation) -> [String] {
        var steps = way.links.map(step)
        steps.append(source(of: way, privilege))
        switch way.passage {
        case .open: break
        case .afterSetRole(let role): steps.append("needs SET ROLE \(PrintableText.name(role))")
        case .blocked(let link): steps.append(wall(way.links[link]))
        }
        return steps
    }

    private func step(_ link: MembershipLink) -> String {
        let member = PrintableText.name(link.member)
        var facts: [String] = []
        if link.inherits {
            facts.append("inherits")
        } else {
            facts.append(link.isByAttribute ? "\(member) is NOINHERIT" : "INHERIT FALSE")
        }
        if !link.canSet { facts.append("SET FALSE") }
        if link.isAdmin { facts.append("admin option") }
        let grantors = link.grantors.map(PrintableText.name).joined(separator: " and ")
        facts.append(grantors.isEmpty ? "as owner of the database" : "granted by \(grantors)")
        return "\(member) is a member of \(PrintableText.name(link.group)) "
            + "(\(facts.joined(separator: ", ")))"
    }

    private func source(of way: Way, _ privilege: PrivilegeExplanation) -> String {
        let holder = PrintableText.name(way.holder)
        let words = way.column.map { "\(privilege.privilege) (\(Identifier.displayed($0)))" }
        let what = PrintableText.line("\(words ?? privilege.privilege) on \(privilege.object)")
        switch way.source {
        case .superuser: return "\(holder) is a superuser"
        case .predefined: return "\(holder) has \(privilege.privilege) on every such object"
        case .unchecked(let sentence): return PrintableText.line(sentence)
        case .granted(let isPublic, let by, let isGrantable, let isDefault, let isOwner):
            let option = isGrantable ? " with grant option" : ""
            if isPublic, isDefault { return "PUBLIC has \(what) by default" }
            if isPublic { return "PUBLIC was granted \(what) by \(PrintableText.name(by))" }
            if isOwner {
                return "\(holder) owns it and has \(what)"
            }
            return "\(holder) was granted \(what) by \(PrintableText.name(by))\(option)"
        }
    }

    private func wall(_ link: MembershipLink) -> String {
        "the membership of \(PrintableText.name(link.member)) in \(PrintableText.name(link.group)) "
            + "lets nothing through, and SET ROLE does not lead past it"
    }

    private var acl: [String] {
        let owner = PrintableText.name(explanation.owner)
        let subject = PrintableText.line(explanation.object)
        var lines = [style.toned("ACL of \(subject)", .strong) + ", owned by \(owner)"]
        lines += explanation.acl.flatMap(entry)
        if explanation.acl.isEmpty { lines += style.ruled("", "empty: nobody holds anything") }
        return lines
    }

    private func entry(_ line: ACLLine) -> [String] {
        let letters = line.entries.map(\.letters).joined()
        let words = line.entries.map { entry in
            entry.privilege + (entry.letters.hasSuffix("*") ? " with grant option" : "")
        }
        let place = line.column.map { ", column \(PrintableText.name($0))" } ?? ""
        let grantee = line.grantee.map(PrintableText.name) ?? "PUBLIC"
        let text =
            "\(grantee) = \(letters) (\(words.joined(separator: ", ")))"
            + " by \(PrintableText.name(line.grantor))\(place)"
        return style.ruled("", text)
    }

    private var defaults: [String] {
        var lines = [style.toned("Default privileges", .strong) + " (\\ddp)"]
        for defaults in explanation.defaults {
            let schema =
                defaults.schema.map { " in schema \(PrintableText.name($0))" } ?? " in every schema"
            let creator = PrintableText.name(defaults.creator)
            lines += style.ruled("new", "\(defaults.objects) that \(creator) creates\(schema)")
            lines += defaults.acl.flatMap(entry)
        }
        return lines
    }

    private func terminated(_ sql: String) -> String { PrintableText.line(sql) + ";" }
}
