internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// What a table asks for to which the code of an INSTEAD OF trigger writes is asked of the view's
    /// columns of the same names.
    func afterInsteadOf(_ error: ServerError) throws(PostgresError) -> RowKnowledge? {
        let view = draft.row.relation
        guard view.kind == .view, knowledge.base == nil, error.context != nil,
            let table = snapshot.orderedRelations.first(where: {
                $0.name == error.table && $0.schema == error.schema
            })
        else { return nil }
        let columns = (snapshot.columns[view.oid] ?? []).filter { !$0.isComputed }
        var own: [Int: Column] = [:]
        for column in snapshot.columns[table.oid] ?? [] {
            own[column.number] = columns.first { $0.name == column.name }
        }
        var next = knowledge
        switch error.sqlState {
        case .notNullViolation:
            guard let column = columns.first(where: { $0.name == error.column }),
                draft.row.values[column.number] == nil
            else { return nil }
            next.row.forced.insert(column.number)
        case .foreignKeyViolation:
            guard
                let key = snapshot.constraints[table.oid]?.first(where: {
                    $0.kind == .foreignKey && $0.name == error.constraint
                })
            else { return nil }
            var wishes: [Int: CodeLookup.Wish] = [:]
            for (number, referenced) in zip(key.columns, key.referencedColumns) {
                guard let column = own[number] else { return nil }
                wishes[referenced] = .column(column.number)
                next.row.values[column.number] = nil
            }
            let lookup = CodeLookup(
                by: view.oid,
                relation: key.referencedRelation,
                columns: wishes
            )
            guard !next.lookups.contains(lookup) else { return nil }
            next.lookups.append(lookup)
        case .checkViolation:
            var row = RowDraft.Row(table, in: snapshot)
            for (number, column) in own {
                if let value = draft.row.values[column.number] { row.values[number] = value }
            }
            let conditions = Conditions(of: table, in: snapshot).all
            let touched = conditions.filter { $0.name == error.constraint }
                .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
            guard next.tried.insert("instead \(table.oid) \(error.constraint ?? "")").inserted
            else { return nil }
            let solver = Solver(
                lookup: lookup,
                synthesizer: synthesizer,
                row: row,
                isTried: true,
                fresh: (synthesizer.salt * 64 + 32 + next.round) * 512,
                patience: patience
            )
            for component in Component.components(of: conditions, joinedBy: [])
            where !component.columns.isDisjoint(with: touched) {
                guard
                    case .found(let values) = try solver.solve(
                        component,
                        apartBy: [],
                        referringBy: []
                    )
                else { return nil }
                for (number, value) in values {
                    if let column = own[number] { next.row.values[column.number] = value }
                }
            }
        default: return nil
        }
        return next == knowledge ? nil : next
    }
}
