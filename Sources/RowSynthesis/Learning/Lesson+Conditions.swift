internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// Learns from a CHECK of the table, or of a domain, that was violated.
    func afterCheck(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let conditions = Conditions(of: row.relation, in: snapshot).all
        let violated = conditions.filter { $0.name == error.constraint }
        let touched = violated.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        if site == .row, violated.contains(where: { $0.text == "false" }) {
            let name = Identifier.displayed(error.constraint ?? "")
            return .hopeless("impossible: the constraint \(name) refuses every row")
        }
        guard !violated.isEmpty else { return .nothing }
        if let referring = referring(violated, site, row) { return .knowledge(referring) }
        // One refusal is solved alone; a second says that the guess is a poor one altogether.
        let isSecond = !next.tried.insert("checks \(row.relation.oid)").inserted
        let columns = isSecond ? conditions.reduce(touched) { $0.union($1.columns) } : touched
        return try solvingOnce(site, row, touching: columns, for: error, next)
    }

    /// Lets the row refer to a parent, whose own key is made for it, where a condition wants a key that
    /// may be NULL not to be; `nil` if that was tried, or is not what the condition is about.
    private func referring(
        _ violated: [Condition],
        _ site: RowSite,
        _ row: RowDraft.Row
    ) -> RowKnowledge? {
        var next = knowledge
        let wanting = violated.filter { $0.text.holds("IS NOT NULL") }
        let touched = wanting.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        let keys = (snapshot.constraints[row.relation.oid] ?? []).filter { key in
            key.kind == .foreignKey
                && key.columns.contains {
                    touched.contains($0) && (row.values[$0]?.content ?? .null) == .null
                }
        }
        let names = wanting.compactMap(\.name).joined(separator: " ")
        guard !keys.isEmpty,
            next.tried.insert("refer \(row.relation.oid) \(names)").inserted
        else { return nil }
        for number in keys.flatMap(\.columns) {
            next[site].values[number] = nil
            next[site].forced.insert(number)
        }
        return next
    }

    /// Solves at most three times for one constraint: a volatile check may say no to what it took.
    func solvingOnce(
        _ site: RowSite,
        _ row: RowDraft.Row,
        touching columns: Set<Int>,
        for error: ServerError,
        _ knowledge: RowKnowledge
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let name = "\(row.relation.oid) \(error.sqlState) \(error.constraint ?? "")"
        let isAllowed = (1...3).contains { next.tried.insert("solve \($0) \(name)").inserted }
        guard isAllowed else { return .nothing }
        return try solving(site, row, touching: columns, apartBy: [], next)
    }

    /// Learns from an error that arose while conditions or generated columns were computed.
    func afterBadValue(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        guard next.tried.insert("values \(row.relation.oid) \(error.sqlState)").inserted else {
            return .nothing
        }
        // Generated columns and indexes must at least be computable.
        let columns = snapshot.columns[row.relation.oid] ?? []
        let indexes = snapshot.uniqueIndexes[row.relation.oid] ?? []
        let expressions =
            columns.filter(\.isGenerated).compactMap(\.defaultExpression)
            + indexes.flatMap(\.expressions) + (try plainIndexExpressions(of: row.relation))
        let learned = expressions.map { expression in
            LearnedCondition(
                text: "((\(expression)) IS NOT DISTINCT FROM (\(expression)))",
                mustBeTrue: false
            )
        }
        for condition in learned where !next[site].conditions.contains(condition) {
            next[site].conditions.append(condition)
        }
        return try solving(site, row, touching: Set(columns.map(\.number)), apartBy: [], next)
    }

    /// What the indexes compute that keep no rows apart.
    private func plainIndexExpressions(of relation: Relation) throws(PostgresError) -> [String] {
        let query = """
            SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false)
              FROM pg_catalog.pg_index AS i,
                   pg_catalog.generate_series(1, i.indnatts::pg_catalog.int4) AS k
             WHERE i.indrelid = \(relation.oid) AND i.indexprs IS NOT NULL AND NOT i.indisunique
               AND i.indkey[k - 1] = 0
            UNION ALL
            SELECT pg_catalog.pg_get_expr(i.indpred, i.indrelid) FROM pg_catalog.pg_index AS i
             WHERE i.indrelid = \(relation.oid) AND i.indpred IS NOT NULL AND NOT i.indisunique
            """
        return (try lookup.rows(of: query, as: .connectingRole) ?? []).compactMap { $0[0] }
    }

    /// Looks for a row that some leaf of the partitioned table takes.
    func afterNoPartition(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        let root = row.relation
        let leaves = leaves(of: root)
        guard !leaves.isEmpty else {
            return root.kind == .partitionedTable && snapshot.partitions[root.oid] == nil
                ? .hopeless("impossible: \(root.objectName.displayed) has no partition") : .nothing
        }
        var next = knowledge
        guard next.tried.insert("partition \(root.oid)").inserted else { return .nothing }
        for leaf in leaves {
            let definition = "SELECT pg_catalog.pg_get_partition_constraintdef(\(leaf.oid))"
            guard
                let condition = try lookup.rows(of: definition, as: .connectingRole)?.first?[0]
            else { continue }
            var attempt = next
            attempt[site].conditions = [LearnedCondition(text: condition, mustBeTrue: true)]
            let columns = learned(attempt[site].conditions, about: root)
                .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
            let teaching = try solving(site, row, touching: columns, apartBy: [], attempt)
            if case .knowledge = teaching { return teaching }
        }
        return .nothing
    }

    /// The leaves in the tree of a partitioned table, in the order of their names.
    func leaves(of root: Relation) -> [Relation] {
        var leaves: [Relation] = []
        var pending = Array((snapshot.partitions[root.oid] ?? []).reversed())
        while let next = pending.popLast(), leaves.count < 40 {
            if next.kind == .partitionedTable {
                pending += (snapshot.partitions[next.oid] ?? []).reversed()
            } else if next.kind == .table {
                leaves.append(next)
            }
        }
        return leaves
    }

    /// Looks for a row that the policies of the role under trial let pass.
    func afterPolicy(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let relation = row.relation
        if next.tried.insert("\(RowKnowledge.policyRemedy) \(relation.oid)").inserted {
            let wanted = try lookup.policyValues(of: relation, for: role)
            next[site].take(wanted)
            if next[site].values != knowledge[site].values { return .knowledge(next) }
        }
        let remedy = "\(RowKnowledge.policyRemedy): its condition \(relation.oid)"
        guard site == .row, next.tried.insert(remedy).inserted else { return .nothing }
        let policies = (snapshot.policies[relation.oid] ?? []).filter(role.isSubject)
        var conditions: [String] = []
        for command in role.commands.sorted(by: { $0.rawValue < $1.rawValue }) {
            let permissive = policies.filter(\.isPermissive)
                .flatMap { $0.conditions(for: command) }
            guard !permissive.isEmpty else { return .nothing }
            let any = permissive.map { "(\($0))" }.joined(separator: " OR ")
            let all = policies.filter { !$0.isPermissive }.flatMap { $0.conditions(for: command) }
            conditions += ([any] + all).filter { !conditions.contains($0) }
        }
        next[site].conditions = conditions.map { LearnedCondition(text: $0, mustBeTrue: true) }
        let columns = learned(next[site].conditions, about: relation)
            .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        return try solving(site, row, touching: columns, apartBy: [], next, asRole: true)
    }

    /// A view with CHECK OPTION takes only rows that it shows.
    func afterCheckOption(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        guard next.tried.insert("check option \(row.relation.oid)").inserted else {
            return .nothing
        }
        var conditions: [LearnedCondition] = []
        var pending = [draft.row.relation.oid]
        while let view = pending.popLast() {
            guard snapshot.relations[view]?.kind == .view else { continue }
            let definition = "SELECT pg_catalog.pg_get_viewdef(\(view)::pg_catalog.oid)"
            guard let text = try lookup.rows(of: definition, as: .connectingRole)?.first?[0] else {
                continue
            }
            let flat = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            let parts = DeparsedText.split(flat, at: " WHERE ")
            if parts.count == 2 {
                let condition = parts[1].hasSuffix(";") ? String(parts[1].dropLast()) : parts[1]
                // 15 and earlier name the table before the column.
                let bases = (snapshot.reach.viewBases[view] ?? []).compactMap {
                    snapshot.relations[$0]
                }
                let bare = bases.reduce(condition) { $0.replacing("\($1.name).", with: "") }
                conditions.append(LearnedCondition(text: bare, mustBeTrue: true))
            }
            pending += snapshot.reach.viewBases[view] ?? []
        }
        next[site].conditions = conditions
        let columns = learned(conditions, about: row.relation)
            .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        return try solving(site, row, touching: columns, apartBy: [], next)
    }

    /// Takes conditions apart that stand in no constraint.
    func learned(_ conditions: [LearnedCondition], about relation: Relation) -> [Condition] {
        let known = Conditions(of: relation, in: snapshot)
        return conditions.flatMap {
            known.conditions(in: $0.text, named: "", mustBeTrue: $0.mustBeTrue)
        }
    }
}
