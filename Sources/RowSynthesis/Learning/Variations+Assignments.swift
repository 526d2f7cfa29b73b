internal import Catalog
internal import Trials

extension Variations {
    /// Other ways for an UPDATE to set columns of the row, where code judges what becomes of it.
    var otherAssignments: [RowKnowledge] {
        guard events.contains(.update), draft.baseRow == nil else { return [] }
        let relation = draft.row.relation
        let columns = (snapshot.columns[relation.oid] ?? []).filter { !$0.isComputed }
        let code = TriggerCode(of: relation, in: snapshot, on: [.update])
        let mentioned = code.mentioned.filter(columns.contains)
        var variations: [RowKnowledge] = []
        let counters = mentioned.filter { column in
            ["int2", "int4", "int8", "numeric"].contains(snapshot.baseType(of: column)?.name ?? "")
                && code.hints.contains { Self.raises(column.name, in: $0) }
        }
        for raised in [counters] + counters.map({ [$0] }) where !raised.isEmpty {
            variations.append(
                changed { next in
                    next.raised = Set(raised.map(\.number))
                    for column in raised {
                        next.row.values[column.number] = RowValue(.literal("1"), from: .rule)
                    }
                }
            )
        }
        let watched = Set(code.triggers.flatMap(\.updateColumns))
        let named = columns.filter { draft.row.values[$0.number] != nil }
        let choices =
            [watched, Set(mentioned.map(\.number)), watched.union(mentioned.map(\.number))]
            + (named + columns.filter { !named.contains($0) }).prefix(8).map { column in
                Set(columns.map(\.number)).subtracting([column.number])
            }
        // What else watches a column has to be seen at work on it.
        let seen = Set(
            code.triggers.filter { trigger in
                !(snapshot.routines[trigger.routine].map(TriggerCode.refusesAll) ?? false)
            }.flatMap(\.updateColumns)
        )
        for spared in choices
        where !spared.isEmpty && spared.count < columns.count && spared.isDisjoint(with: seen) {
            variations.append(changed { $0.spared = spared })
        }
        return variations
    }

    /// Whether code compares the column with what it was, or sets it to that, plus one.
    private static func raises(_ name: String, in harvest: Harvest) -> Bool {
        let words = harvest.words.map { $0.lowercased() }
        let name = name.lowercased()
        return words.indices.dropLast(3).contains { index in
            words[index] == "old" && words[index + 1] == "." && words[index + 2] == name
                && words[index + 3] == "+"
        }
    }
}
