internal import Catalog
internal import Postgres
internal import Trials

extension Variations {
    /// Other parents that are there, in place of the one that was taken or made.
    func existingParents(
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

    /// Scaffolded rows whose columns that the code names are greater, or less, than most values are.
    private func extremeParents() -> [RowKnowledge] {
        let words = code(at: .row, of: draft.suitedRow.relation).hints
            .reduce(into: Set<String>()) { $0.formUnion($1.names.map { $0.lowercased() }) }
        return [true, false].map { isGreat in
            changed { next in
                for row in draft.scaffold {
                    let site = RowSite.parent(row.relation.oid)
                    let bound = synthesizer.uniqueColumns(of: row.relation)
                        .union(snapshot.foreignKeyColumns(of: row.relation.oid))
                    for column in snapshot.columns[row.relation.oid] ?? []
                    where words.contains(column.name.lowercased()) && isFree(column, at: site)
                        && !bound.contains(column.number)
                        && !synthesizer.drawsFromSequence(column)
                    {
                        guard let text = snapshot.extreme(of: column, isGreat: isGreat) else {
                            continue
                        }
                        next[site].values[column.number] = RowValue(.literal(text), from: .rule)
                    }
                }
            }
        }.filter { $0 != knowledge }
    }

    /// Scaffolded parents of another kind: each of their columns that has few values, each value.
    func otherParents() -> [RowKnowledge] {
        var variations = extremeParents()
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
