internal import Catalog
internal import Postgres
internal import Trials

/// Other rows to try where only code in the database knows what is wrong with the one that it
/// refused: the likeliest first.
struct Variations {
    let lookup: Lookup
    let synthesizer: RowSynthesizer
    let draft: RowDraft
    let knowledge: RowKnowledge
    let mayUseReplicaMode: Bool

    private var snapshot: Snapshot { lookup.snapshot }

    /// Lists what might be changed after a failure.
    ///
    /// - Throws: `connectionLost`.
    func all(after failure: Failure) throws(PostgresError) -> [RowKnowledge] {
        switch failure {
        case .scaffold(let index, _):
            guard draft.scaffold.indices.contains(index) else { return [] }
            var variations: [RowKnowledge] = []
            if mayUseReplicaMode, !knowledge.usesReplicaMode {
                var next = knowledge
                next.usesReplicaMode = true
                variations.append(next)
            }
            let row = draft.scaffold[index]
            variations += arrangements
            return variations + (try others(for: row, at: .parent(row.relation.oid)))
        case .row, .swallowed:
            var variations = arrangements
            variations += try others(for: draft.row, at: .row)
            variations += otherParents()
            if mayUseReplicaMode, !knowledge.usesReplicaMode, !draft.scaffold.isEmpty {
                var next = knowledge
                next.usesReplicaMode = true
                variations.append(next)
            }
            return variations
        }
    }

    /// Other ways in which the row and its parents can hang together.
    private var arrangements: [RowKnowledge] {
        var arrangements: [RowKnowledge] = []
        let keys = (snapshot.constraints[draft.row.relation.oid] ?? []).filter { key in
            key.kind == .foreignKey && key.columns.allSatisfy { draft.row.values[$0] != nil }
        }
        if Set(keys.map(\.referencedRelation)).count < keys.count {
            if !knowledge.row.separatesParents {
                arrangements.append(changed { $0.row.separatesParents = true })
            }
        }
        if keys.count > 1, !knowledge.row.reversesParents {
            arrangements.append(changed { $0.row.reversesParents = true })
        }
        if draft.scaffold.contains(where: { $0.relation.oid == draft.row.relation.oid }),
            !knowledge.closesRings
        {
            arrangements.append(
                changed {
                    $0.closesRings = true
                    $0.usesReplicaMode = mayUseReplicaMode
                }
            )
        }
        if let repeated = repeatedColumns { arrangements.append(repeated) }
        if let agreed = agreedColumns { arrangements.append(agreed) }
        return arrangements
    }

    /// Columns of the scaffold that bear the name of one of the row's become equal to it: tables
    /// that repeat what their parents say are often watched by code.
    private var repeatedColumns: RowKnowledge? {
        let row = draft.row
        var next = knowledge
        var pinned: Set<Int> = []
        for parent in draft.scaffold where parent.relation.oid != row.relation.oid {
            for column in snapshot.columns[parent.relation.oid] ?? [] {
                guard !column.isComputed,
                    let own = snapshot.columns[row.relation.oid]?.first(where: {
                        $0.name == column.name && $0.type == column.type
                    }), let value = row.values[own.number], value.content != .null,
                    parent.values[column.number]?.content != value.content,
                    isFree(own, at: .row), !isPrimary(column)
                else { continue }
                next[.parent(parent.relation.oid)].values[column.number] = RowValue(
                    value.content,
                    from: .related
                )
                pinned.insert(own.number)
            }
        }
        for number in pinned { next.row.values[number] = row.values[number] }
        for key in snapshot.constraints[row.relation.oid] ?? []
        where key.kind == .foreignKey && !pinned.isDisjoint(with: key.columns) {
            if key.columns.contains(where: { row.values[$0]?.source == .scaffold }) {
                next.row.scaffoldedKeys.insert(key.oid)
            }
        }
        return pinned.isEmpty ? nil : next
    }

    /// Columns of the row and its scaffold become what the code compares columns of their name with.
    private var agreedColumns: RowKnowledge? {
        let wanted = TriggerCode(of: draft.row.relation, in: snapshot).equalities
        var next = knowledge
        var isChanged = false
        let rows =
            draft.scaffold.map { ($0, RowSite.parent($0.relation.oid)) } + [(draft.row, .row)]
        for (row, site) in rows {
            for column in snapshot.columns[row.relation.oid] ?? [] where isFree(column, at: site) {
                guard let text = wanted[column.name], let type = snapshot.baseType(of: column),
                    row.values[column.number]?.content != .literal(text),
                    ConstantCandidates(snapshot: snapshot, type: type).reads(text)
                else { continue }
                next[site].values[column.number] = RowValue(.literal(text), from: .rule)
                isChanged = true
            }
        }
        return isChanged ? next : nil
    }

    private func isPrimary(_ column: Column) -> Bool {
        (snapshot.constraints[column.relation] ?? []).contains {
            $0.kind == .primaryKey && $0.columns == [column.number]
        }
    }

    /// Other values for one row.
    private func others(
        for row: RowDraft.Row,
        at site: RowSite
    ) throws(PostgresError) -> [RowKnowledge] {
        let code = TriggerCode(of: row.relation, in: snapshot)
        let mentioned = code.mentioned.filter { isFree($0, at: site) }
        var variations: [RowKnowledge] = []
        for values in try templates(for: row, keeping: []) {
            variations.append(changed { $0[site].values.merge(values) { _, new in new } })
        }
        variations += try existingParents(for: row, at: site)
        let unnamed = mentioned.filter { row.values[$0.number] == nil }
        if !unnamed.isEmpty {
            variations.append(changed { $0[site].forced.formUnion(unnamed.map(\.number)) })
        }
        variations += constants(for: mentioned, in: row, at: site, from: code)
        if site == .row { variations += try references(from: mentioned, in: row, code) }
        let keeping = Set(mentioned.map(\.number))
        for values in try templates(for: row, keeping: keeping) {
            variations.append(changed { $0[site].values.merge(values) { _, new in new } })
        }
        let nullable = (snapshot.columns[row.relation.oid] ?? [])
            .filter { isFree($0, at: site) && row.values[$0.number] == nil && !$0.hasDefault }
        if nullable.count > unnamed.count {
            variations.append(changed { $0[site].forced.formUnion(nullable.map(\.number)) })
        }
        return variations
    }

    /// Columns that refer to rows of tables which only the code names: some that are there, and one
    /// that is made.
    private func references(
        from columns: [Column],
        in row: RowDraft.Row,
        _ code: TriggerCode
    ) throws(PostgresError) -> [RowKnowledge] {
        let bound = Set(
            (snapshot.constraints[row.relation.oid] ?? []).filter { $0.kind == .foreignKey }
                .flatMap(\.columns)
        )
        var variations: [RowKnowledge] = []
        for column in columns where !bound.contains(column.number) {
            for table in code.tables.prefix(8) {
                let keys = (snapshot.uniqueIndexes[table.oid] ?? []).map(\.columns)
                    .filter { $0.count == 1 && $0[0] != 0 }
                for key in keys {
                    guard let target = snapshot.column(key[0], of: table.oid),
                        snapshot.baseType(of: target)?.oid == snapshot.baseType(of: column)?.oid
                    else { continue }
                    let there = try lookup.tuples(
                        of: ParentKey(relation: table.oid, columns: key),
                        limit: 2
                    )
                    for text in there.compactMap(\.first) {
                        variations.append(
                            changed {
                                $0.row.values[column.number] = RowValue(
                                    .literal(text),
                                    from: .existingParent
                                )
                            }
                        )
                    }
                    let fresh = (synthesizer.salt * 64 + 48) * 512 + column.number
                    let value = synthesizer.guess(for: target, of: table, fresh: fresh)
                    variations.append(
                        changed {
                            $0.extraParents.append(
                                RowKnowledge.ExtraParent(
                                    relation: table.oid,
                                    key: key,
                                    values: [key[0]: value]
                                )
                            )
                            $0.row.values[column.number] = RowValue(value.content, from: .scaffold)
                        }
                    )
                }
            }
        }
        return Array(variations.prefix(24))
    }

    /// Whether the column is ours to choose.
    private func isFree(_ column: Column, at site: RowSite) -> Bool {
        !column.isComputed && !(site == .row && synthesizer.drawsFromSequence(column))
            && synthesizer.declared[column.relation]?[column.number] == nil
    }

    private func changed(_ change: (inout RowKnowledge) -> Void) -> RowKnowledge {
        var next = knowledge
        change(&next)
        return next
    }

    private func templates(
        for row: RowDraft.Row,
        keeping kept: Set<Int>
    ) throws(PostgresError) -> [[Int: RowValue]] {
        try Templates(lookup: lookup, synthesizer: synthesizer)
            .values(of: row.relation, keeping: kept, limit: 2)
    }

    /// One column at a time becomes one of the constants that the triggers' code mentions.
    private func constants(
        for columns: [Column],
        in row: RowDraft.Row,
        at site: RowSite,
        from code: TriggerCode
    ) -> [RowKnowledge] {
        let required = Set(synthesizer.requiredColumns(of: row.relation).map(\.number))
        let bound = Set(
            (snapshot.constraints[row.relation.oid] ?? []).filter { $0.kind == .foreignKey }
                .flatMap(\.columns)
        )
        var variations: [RowKnowledge] = []
        for column in columns where !bound.contains(column.number) {
            guard let type = snapshot.baseType(of: column) else { continue }
            var candidates = ConstantCandidates(snapshot: snapshot, type: type)
                .candidates(from: code.hints)
            candidates += PatternCandidates(type: type).candidates(from: code.hints)
            candidates +=
                TypeCandidates(snapshot: snapshot, type: type, modifier: -1).candidates.prefix(8)
            for candidate in candidates.prefix(24) {
                guard let text = candidate.text,
                    row.values[column.number]?.content != .literal(text)
                else { continue }
                variations.append(
                    changed {
                        $0[site].values[column.number] = RowValue(.literal(text), from: .rule)
                    }
                )
            }
            if !required.contains(column.number), row.values[column.number] != nil {
                variations.append(
                    changed {
                        $0[site].values[column.number] = nil
                        $0[site].forced.remove(column.number)
                    }
                )
            }
        }
        return variations
    }

    /// Other parents that are there, in place of the one that was taken or made.
    private func existingParents(
        for row: RowDraft.Row,
        at site: RowSite
    ) throws(PostgresError) -> [RowKnowledge] {
        var variations: [RowKnowledge] = []
        for key in snapshot.constraints[row.relation.oid] ?? [] where key.kind == .foreignKey {
            guard key.columns.allSatisfy({ row.values[$0] != nil }) else { continue }
            let parent = ParentKey(relation: key.referencedRelation, columns: key.referencedColumns)
            for tuple in try lookup.tuples(of: parent, limit: 8) {
                let values = zip(key.columns, tuple).map { ($0, $1) }
                guard
                    values.contains(where: { row.values[$0]?.content != .literal($1) })
                else { continue }
                variations.append(
                    changed {
                        for (column, text) in values {
                            $0[site].values[column] = RowValue(
                                .literal(text),
                                from: .existingParent
                            )
                        }
                        $0[site].scaffoldedKeys.remove(key.oid)
                    }
                )
            }
            if key.columns.contains(where: { row.values[$0]?.source == .existingParent }) {
                variations.append(
                    changed {
                        for column in key.columns { $0[site].values[column] = nil }
                        $0[site].forced.formUnion(key.columns)
                        $0[site].scaffoldedKeys.insert(key.oid)
                    }
                )
            }
        }
        return variations
    }

    /// Scaffolded parents of another kind: each of their columns that has few values, each value.
    private func otherParents() -> [RowKnowledge] {
        var variations: [RowKnowledge] = []
        for row in draft.scaffold.reversed() {
            let site = RowSite.parent(row.relation.oid)
            let columns = ColumnCandidates(
                synthesizer: synthesizer,
                relation: row.relation,
                required: [],
                isTried: false
            )
            let conditions = Conditions(of: row.relation, in: snapshot).all
            for column in snapshot.columns[row.relation.oid] ?? [] where isFree(column, at: site) {
                let list = columns.list(
                    for: column,
                    under: conditions,
                    current: row.values[column.number],
                    fresh: 0
                )
                guard list.isComplete, list.candidates.count <= 32 else { continue }
                for candidate in list.candidates {
                    guard let text = candidate.text,
                        row.values[column.number]?.content != .literal(text)
                    else { continue }
                    variations.append(
                        changed {
                            $0[site].values[column.number] = RowValue(.literal(text), from: .rule)
                        }
                    )
                }
            }
        }
        return variations
    }
}
