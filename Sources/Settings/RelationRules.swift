package import Catalog
internal import Trials

/// The file's rules, held against the relations of one database.
package struct RelationRules: Sendable {
    package let file: SettingsFile
    /// The relations that each entry under `tables` matches.
    private let matches: [Set<OID>]
    private let roles: ExactNames<RoleEntry>
    /// The roles that some table speaks of.
    private let namedByTables: ExactNames<Bool>

    /// Takes the relations that each entry under `tables` matches, in the file's order.
    package init(_ file: SettingsFile, matching matches: [Set<OID>]) {
        self.file = file
        self.matches = matches
        roles = file.roles.reduce(into: ExactNames()) { $0[$1.name.value] = $1 }
        namedByTables = file.tables.flatMap(\.rules).reduce(into: ExactNames()) {
            $0[$1.role.value] = true
        }
    }

    /// Returns what a role is expected to do with a relation; `nil` if no rule covers the two.
    ///
    /// A role's own rules cover every relation, and those of a table what it matches; of two that
    /// cover the same the later counts, and a table's more than a role's. A role of which nothing is
    /// said at all is expected to do what `--role` means.
    package func stance(of role: String, on relation: OID) -> Stance? {
        var stance: Stance?
        if let entry = roles[role], !entry.rules.isEmpty {
            stance = Stance()
            stance?.apply(entry.rules)
        } else if namedByTables[role] == nil {
            stance = .declared
        }
        for (table, matched) in zip(file.tables, matches) where matched.contains(relation) {
            for rule in table.rules where rule.role.value.utf8.elementsEqual(role.utf8) {
                var covered = stance ?? Stance()
                covered.apply(rule.rules)
                stance = covered
            }
        }
        return stance
    }

    /// Returns what a role is expected to do wherever no table says otherwise.
    package func stance(of role: String) -> Stance? {
        guard let entry = roles[role], !entry.rules.isEmpty else { return nil }
        var stance = Stance()
        stance.apply(entry.rules)
        return stance
    }

    /// Whether an entry under `tables` asks for operations on the relation that are tried, not looked
    /// up in the catalog.
    package func isNamed(_ relation: OID) -> Bool {
        zip(file.tables, matches).contains { table, matched in
            matched.contains(relation)
                && table.rules.contains { rule in
                    let lists = [rule.rules.operations ?? [], rule.rules.allow, rule.rules.deny]
                    return lists.joined().contains { !$0.isDecidedByCatalog }
                }
        }
    }

    /// Whether the next migration's tables matter to the role: as the file says, else to a `writer`.
    package func triesFuture(_ role: String) -> Bool {
        roles[role]?.future ?? (roles[role]?.rules.profile?.name == "writer")
    }

    /// The parameters that a role is given.
    package func settings(of role: String) -> [ParameterEntry] { roles[role]?.settings ?? [] }
}
