internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// Whether the row can choose what the key refers to: a view may not show its columns.
    func isOurs(_ key: Constraint, at site: RowSite) -> Bool {
        guard site == .row, let base = knowledge.base else { return true }
        return key.columns.allSatisfy { base.columns[$0] != nil }
    }

    /// Learns that a key needs a parent of its own.
    func afterMissingParent(_ key: Constraint, _ site: RowSite) -> Teaching {
        var next = knowledge
        let claims = next.madeByTriggers.filter { $0.parent == key.referencedRelation }
        if !claims.isEmpty, next.tried.insert("really made \(key.referencedRelation)").inserted {
            next.madeByTriggers.subtract(claims)
            return .knowledge(next)
        }
        guard next[site].scaffoldedKeys.insert(key.oid).inserted else { return .nothing }
        next[site].forced.formUnion(key.columns)
        return .knowledge(next)
    }

    /// Code that the row sets off refers to a row of reference data that is not there.
    ///
    /// Which one stands in the detail alone, after the last `=(`, in every language; it decides
    /// nothing but what is tried next.
    func afterMissingReference(_ error: ServerError) -> Teaching {
        guard
            let key = snapshot.constraints.values.joined().first(where: { key in
                key.kind == .foreignKey && key.name == error.constraint
                    && snapshot.relations[key.relation].map {
                        $0.name == error.table && $0.schema == error.schema
                    } ?? false
            }), key.referencedRelation != draft.suitedRow.relation.oid, key.columns.count == 1,
            let detail = error.detail,
            let start = detail.ranges(of: "=(").last?.upperBound,
            let end = detail[start...].lastIndex(of: ")")
        else { return .nothing }
        let value = RowValue(.literal(String(detail[start..<end])), from: .rule)
        let lookup = CodeLookup(
            by: draft.suitedRow.relation.oid,
            relation: key.referencedRelation,
            columns: [key.referencedColumns[0]: .value(value)]
        )
        guard !knowledge.lookups.contains(lookup) else { return .nothing }
        var next = knowledge
        next.lookups.append(lookup)
        return .knowledge(next)
    }

    /// A trigger put a row in place that the scaffold holds as well: that of `child`, or one that
    /// came before.
    func afterRowOfTrigger(_ error: ServerError, of child: OID?) -> Teaching {
        let twice = draft.scaffold.map(\.relation)
            .first { $0.name == error.table && $0.schema == error.schema }
        guard let twice else { return .nothing }
        var next = knowledge
        let claim = RowKnowledge.MadeByTrigger(parent: twice.oid, child: child)
        guard next.tried.insert("made by trigger \(twice.oid) \(child ?? 0)").inserted else {
            return .nothing
        }
        next.madeByTriggers.insert(claim)
        return .knowledge(next)
    }

    /// What keeps the row apart from rows of its own table that are put in place for it; `nil` if there are
    /// none that the index takes for the same.
    private func apartFromScaffold(_ row: RowDraft.Row, by index: UniqueIndex) -> LearnedCondition?
    {
        guard index.expressions.isEmpty, !index.isExclusion else { return nil }
        let twins = draft.scaffold.filter { other in
            other.relation.oid == row.relation.oid
                && index.columns.allSatisfy { other.values[$0]?.content == row.values[$0]?.content }
        }
        var differences: [String] = []
        for number in index.columns {
            guard let column = snapshot.column(number, of: row.relation.oid),
                case .literal(let text) = twins.first?.values[number]?.content,
                !synthesizer.drawsFromSequence(column)
            else { return nil }
            let type = snapshot.baseTypeName(of: column)
            differences.append(
                "\(SQLText.identifier(column.name)) <> \(SQLText.literal(text))::\(type)"
            )
        }
        guard !differences.isEmpty else { return nil }
        return LearnedCondition(text: differences.joined(separator: " OR "), mustBeTrue: true)
    }

    /// Learns that the row, or one that clashes with it, is there already.
    func afterDuplicate(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let relation = row.relation
        let indexes = snapshot.uniqueIndexes[relation.oid] ?? []
        let index = indexes.first { $0.name == error.constraint }
        let columns = columns(of: index.map { [$0] } ?? indexes, in: relation)
        if isPicking, site == .row, !next.closesRings, let index,
            let apart = apartFromScaffold(row, by: index),
            next.tried.insert("apart from scaffold").inserted
        {
            var attempt = next
            attempt.row.conditions.append(apart)
            let teaching = try solving(site, row, touching: columns, apartBy: [index], attempt)
            if case .knowledge = teaching { return teaching }
        }
        if site != .row, let next = try afterParentThatIsThere(row) { return .knowledge(next) }
        if site != .row, mayBeMadeByTrigger(before: relation) {
            let teaching = afterRowOfTrigger(error, of: nil)
            guard case .nothing = teaching else { return teaching }
        }
        let keys = (snapshot.constraints[relation.oid] ?? []).filter { key in
            key.kind == .foreignKey && !columns.isDisjoint(with: key.columns)
                && key.columns.contains { row.values[$0]?.source == .existingParent }
                && !next[site].scaffoldedKeys.contains(key.oid)
        }
        if !keys.isEmpty, next.tried.insert("own parents \(relation.oid)").inserted {
            next[site].scaffoldedKeys.formUnion(keys.map(\.oid))
            for key in keys { for column in key.columns { next[site].values[column] = nil } }
            return .knowledge(next)
        }
        let keyed = Set(index?.columns ?? []).filter { row.values[$0]?.source == .scaffold }
        if site == .row, next.cleared.isEmpty, !keyed.isEmpty, relation.kind == .table,
            mayBeMadeByTrigger(before: relation)
        {
            next.cleared = keyed
            return .knowledge(next)
        }
        let isFresh = columns.contains {
            [.fresh, .scaffold].contains(row.values[$0]?.source)
        }
        if isFresh, next.round < 2 {
            next.round += 1
            return .knowledge(next)
        }
        if site == .row, let index, !index.expressions.isEmpty, relation.kind == .table,
            (snapshot.columns[relation.oid] ?? []).allSatisfy({
                !columns.contains($0.number) || synthesizer.drawsFromSequence($0)
            })
        {
            let reason =
                "full: \(Identifier.displayed(index.name)) allows no row beside those that are there"
            return .full(Fullness(reason: reason, index: index, columns: columns))
        }
        guard let index, relation.kind == .table,
            next.tried.insert("apart \(relation.oid) \(index.name)").inserted
        else { return .nothing }
        return try solving(site, row, touching: columns, apartBy: [index], next)
    }

    /// A parent that was to be made is there: its child asks for just that one, or any will do.
    func afterParentThatIsThere(
        _ parent: RowDraft.Row
    ) throws(PostgresError) -> RowKnowledge? {
        var next = knowledge
        for child in draft.scaffold + [draft.row] {
            for key in snapshot.constraints[child.relation.oid] ?? []
            where key.kind == .foreignKey && key.referencedRelation == parent.relation.oid {
                let isAsked = zip(key.columns, key.referencedColumns).allSatisfy { own, other in
                    child.values[own] != nil && child.values[own]?.source != .scaffold
                        && child.values[own]?.content == parent.values[other]?.content
                }
                let claim = RowKnowledge.MadeByTrigger(
                    parent: parent.relation.oid,
                    child: child.relation.oid
                )
                if isAsked, next.tried.insert("there \(key.oid)").inserted {
                    next.madeByTriggers.insert(claim)
                    return next
                }
                let place = ParentKey(
                    relation: parent.relation.oid,
                    columns: key.referencedColumns
                )
                guard next.existing[place] == nil, synthesizer.parents.values[place] == nil,
                    let tuple = try lookup.tuples(of: place, limit: 1).first
                else { continue }
                next.existing[place] = tuple
                return next
            }
        }
        return nil
    }

    /// Whether a row of the scaffold before the relation has triggers that may have made its row.
    func mayBeMadeByTrigger(before relation: Relation) -> Bool {
        for row in draft.scaffold {
            if row.relation.oid == relation.oid { return false }
            let triggers = snapshot.triggers[row.relation.oid] ?? []
            if triggers.contains(where: { $0.firesOnInsert && $0.isEnabled }) { return true }
        }
        return false
    }

    /// The columns that indexes are made of, in expressions and predicates too.
    func columns(of indexes: [UniqueIndex], in relation: Relation) -> Set<Int> {
        var numbers = Set(indexes.flatMap(\.columns)).subtracting([0])
        let texts = indexes.flatMap { $0.expressions + [$0.predicate ?? ""] }
        let names = texts.reduce(into: Set<String>()) { $0.formUnion(Harvest($1).names) }
        for column in snapshot.columns[relation.oid] ?? [] where names.contains(column.name) {
            numbers.insert(column.number)
        }
        return numbers
    }
}
