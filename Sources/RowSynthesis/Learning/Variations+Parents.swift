internal import Catalog
internal import Postgres
internal import Trials

extension Variations {
    /// Columns that refer to rows of tables which only the code names: some that are there, and one
    /// that is made.
    func references(
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

    /// Scaffolded parents of another kind: each of their columns that has few values, each value.
    func otherParents() -> [RowKnowledge] {
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
