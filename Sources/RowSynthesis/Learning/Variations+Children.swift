internal import Catalog
internal import Postgres
internal import Trials

extension Variations {
    /// Rows that refer to the tried one, where code that runs at the transaction's end may ask for
    /// them: first of the tables that it names.
    func children(after error: ServerError) -> [RowKnowledge] {
        let relation = draft.suitedRow.relation
        let code = code(at: .row, of: relation)
        guard error.context != nil, knowledge.children.isEmpty,
            code.triggers.contains(where: \.isInitiallyDeferred)
        else { return [] }
        let keys = snapshot.keys(referringTo: relation.oid).filter {
            $0.isEnforced && $0.relation != relation.oid
        }
        let tables = code.tables.map(\.oid)
        let named = keys.filter { tables.contains($0.relation) }
        let others = keys.filter { !tables.contains($0.relation) }
        var choices = (named + others).prefix(6).map { [$0] }
        if named.count > 1 { choices.insert(named, at: named.count) }
        return choices.map { keys in
            changed { next in
                next.children = keys
                // What nobody can know before is named; that the default works has been seen by now.
                let referenced = Set(keys.flatMap(\.referencedColumns))
                for column in snapshot.columns[relation.oid] ?? []
                where referenced.contains(column.number) && isFree(column, at: .row) {
                    next.row.forced.insert(column.number)
                }
            }
        }
    }
}
