internal import Access
internal import Catalog
internal import Trials

/// A starting `pgsmoke.yml` as text, with comments.
package struct ContractText {
    let contract: Contract
    let narrowing: Narrowing
    let command: String

    /// What narrows a file to some schemas and tables, as its keys say it.
    package struct Narrowing: Sendable {
        let schemas: [String]
        let exclude: [String]

        package init(schemas: [String], exclude: [String]) {
            self.schemas = schemas
            self.exclude = exclude
        }
    }

    /// `command` is the line that tries the file.
    package init(_ contract: Contract, narrowing: Narrowing, command: String) {
        self.contract = contract
        self.narrowing = narrowing
        self.command = command
    }

    package var text: String {
        var lines = header
        if !narrowing.schemas.isEmpty {
            lines += ["", "schemas: \(list(narrowing.schemas))"]
        }
        if !narrowing.exclude.isEmpty {
            lines += ["", "exclude: \(list(narrowing.exclude))"]
        }
        lines += ["", "roles:"] + contract.entries.flatMap(role)
        let groups = ContractTables(contract).groups
        if !groups.isEmpty { lines += ["", "tables:"] + groups.flatMap(table) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var header: [String] {
        let server = contract.access.snapshot.server
        var lines = [
            "# What the roles of database \(Identifier.displayed(server.database)) must be able to do, and must not.",
            "#",
            "# pgsmoke init wrote down the grants as they are: a start. Correct what is not meant, keep the",
            "# file beside the migrations, and try it after each of them, which changes nothing:",
            "#",
            "#   \(PrintableText.line(command))",
            "#",
            "# A profile allows and denies operations: writer, reader, migrator or one of your own. `allow`",
            "# and `deny` change single ones, for a role or, under `tables`, for a role on some tables.",
        ]
        lines += leftOut
        return lines
    }

    /// The roles that have no entry.
    private var leftOut: [String] {
        guard !contract.leftOut.isEmpty else { return [] }
        let shown = 6
        var lines = ["#", "# Left out:"]
        for (role, reason) in contract.leftOut.prefix(shown) {
            lines.append("#   \(Identifier.displayed(role)): \(reason)")
        }
        if contract.leftOut.count > shown {
            lines.append("#   and \(contract.leftOut.count - shown) more")
        }
        return lines
    }

    private func list(_ texts: [String]) -> String {
        "[\(texts.map(YAMLScalar.text).joined(separator: ", "))]"
    }

    private func list(_ operations: [Operation]) -> String { list(operations.map(\.rawValue)) }

    private func role(_ entry: Contract.Entry) -> [String] {
        let name = YAMLScalar.text(entry.role.name)
        let lines = body(of: entry)
        guard lines.count > 1 else {
            return ["  \(name): { \(lines[0]) }"]
        }
        return ["  \(name):"] + lines.map { "    \($0)" }
    }

    private func body(of entry: Contract.Entry) -> [String] {
        let contract = entry.contract
        let reasons = ContractReasons(contract: contract)
        var lines: [String] = []
        if let remark = entry.remark { lines.append("# \(PrintableText.line(remark))") }
        if let profile = contract.profile { lines.append("profile: \(profile.name)") }
        let (allow, deny) = contract.lists
        if !allow.isEmpty {
            lines += contract.profile == nil ? [] : reasons.allowing(allow).map { "# \($0)" }
            lines.append("allow: \(list(allow))")
        }
        if !deny.isEmpty {
            lines += contract.profile == nil ? [] : reasons.denying(deny).map { "# \($0)" }
            lines.append("deny: \(list(deny))")
        }
        if entry.isWithoutFuture {
            lines += [
                "# no default privileges give it anything on the next migration's tables; with some, take",
                "# this line out, and pgsmoke tries them",
                "future: false",
            ]
        }
        return lines + settings(of: entry)
    }

    private func settings(of entry: Contract.Entry) -> [String] {
        guard !entry.settings.isEmpty else { return [] }
        let isGuessed = entry.settings.contains { $0.guess != nil }
        return [
            "# row-security policies read these; give them values that the application could set",
            isGuessed ? "settings:" : "# settings:",
        ]
            + entry.settings.map { name, guess in
                let name = YAMLScalar.text(name)
                return guess.map { "  \(name): \(YAMLScalar.quoted($0))" } ?? "#   \(name): \"…\""
            }
    }

    private func table(_ group: ContractTables.Group) -> [String] {
        comments(on: group)
            + group.patterns.flatMap { pattern in
                ["  \(YAMLScalar.text(pattern.text)):"] + rules(of: group)
            }
    }

    private func rules(of group: ContractTables.Group) -> [String] {
        func line(_ key: String, _ operations: (OperationRules) -> [Operation]?) -> [String] {
            let roles = group.rules.compactMap { entry, rules in
                operations(rules).map { "\(YAMLScalar.text(entry.role.name)): \(list($0))" }
            }
            switch roles.count {
            case 0: return []
            case 1: return ["    \(key): { \(roles[0]) }"]
            default: return ["    \(key):"] + roles.map { "      \($0)" }
            }
        }
        return line("operations") { $0.operations }
            + line("allow") { $0.allow.isEmpty ? nil : $0.allow }
            + line("deny") { $0.deny.isEmpty ? nil : $0.deny }
    }

    /// Why, the roles of which the same is true together.
    private func comments(on group: ContractTables.Group) -> [String] {
        let reasons = group.rules.grouped { entry, rules in
            ContractReasons(contract: entry.contract)
                .reasons(for: rules, on: group.relations)
                .joined(separator: "; ")
        }
        let count = group.count ?? 1
        let place = count > 1 ? " on these \(count)" : ""
        return reasons.map { text, roles in
            let names = roles.prefix(4).map { Identifier.displayed($0.entry.role.name) }
                .joined(separator: ", ")
            let more = roles.count > 4 ? " and \(roles.count - 4) more" : ""
            return "  # \(names)\(more)\(place): \(text)"
        }
    }
}

extension RoleContract {
    /// What stands beside the profile or, without one, all that is said of the role.
    var lists: (allow: [Operation], deny: [Operation]) {
        func said(_ side: ContractCase.Side) -> [Operation] {
            ContractCase.operations.filter { operation in
                sides[operation] == side && profile?.side(of: operation) != side
            }
        }
        return (said(.allowed), said(.denied))
    }
}
