internal import Catalog
internal import Trials

extension Variations {
    /// Other ways in which the row and its parents can hang together.
    var arrangements: [RowKnowledge] {
        var arrangements: [RowKnowledge] = []
        let keys = (snapshot.constraints[draft.suitedRow.relation.oid] ?? []).filter { key in
            key.kind == .foreignKey && key.columns.allSatisfy { draft.suitedRow.values[$0] != nil }
        }
        if Set(keys.map(\.referencedRelation)).count < keys.count {
            if !knowledge.row.separatesParents {
                arrangements.append(changed { $0.row.separatesParents = true })
            }
        }
        if keys.count > 1, !knowledge.row.reversesParents {
            arrangements.append(changed { $0.row.reversesParents = true })
        }
        if !knowledge.closesRings { arrangements += closedRings }
        if let repeated = repeatedColumns { arrangements.append(repeated) }
        if let agreed = agreedColumns { arrangements.append(agreed) }
        return arrangements
    }

    /// The row itself becomes the one that rows refer to which it refers to in turn.
    private var closedRings: [RowKnowledge] {
        let relation = draft.suitedRow.relation
        let keys = snapshot.ringKeys(of: relation.oid)
        guard !keys.isEmpty || draft.scaffold.contains(where: { $0.relation.oid == relation.oid })
        else { return [] }
        let drawn = (snapshot.columns[relation.oid] ?? []).filter(synthesizer.drawsFromSequence)
        let closed = changed { next in
            next.closesRings = true
            // Rows that follow can refer to what the row draws by itself.
            next.row.forced.subtract(drawn.map(\.number))
            for column in keys.flatMap(\.columns) { next.row.values[column] = nil }
        }
        guard mayUseReplicaMode else { return [closed] }
        var replica = closed
        replica.usesReplicaMode = true
        return [closed, replica]
    }

    /// Columns of the scaffold that bear the name of one of the row's become equal to it: tables
    /// that repeat what their parents say are often watched by code.
    private var repeatedColumns: RowKnowledge? {
        let row = draft.suitedRow
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
        let wanted = code(at: .row, of: draft.suitedRow.relation).equalities
        var next = knowledge
        var isChanged = false
        let rows =
            draft.scaffold.map { ($0, RowSite.parent($0.relation.oid)) } + [(draft.suitedRow, .row)]
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
}

extension Snapshot {
    /// The keys that a row cannot leave empty to relations whose rows must refer to its own in turn.
    func ringKeys(of relation: OID) -> [Constraint] {
        requiredForeignKeys(of: relation).filter { key in
            key.referencedRelation != relation
                && ([key.referencedRelation] + requiredParents(of: key.referencedRelation))
                    .contains(relation)
        }
    }
}
