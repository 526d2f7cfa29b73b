internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// Learns which column must be given a value.
    func afterNull(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let columns = snapshot.columns[row.relation.oid] ?? []
        if let column = columns.first(where: { $0.name == error.column }) {
            if column.isGenerated { return try afterGeneratedNull(column, site, row) }
            if column.isIdentity || site == .row && synthesizer.drawsFromSequence(column) {
                return .nothing
            }
            if site == .row, let base = next.base, base.columns[column.number] == nil {
                let code = TriggerCode(of: row.relation, in: snapshot)
                let isFilled =
                    code.triggers.contains(where: \.isBefore)
                    && code.hints.contains { $0.names.contains(column.name) }
                return isFilled
                    ? .nothing
                    : .hopeless(
                        "impossible: column \(Identifier.displayed(column.name)) of "
                            + "\(row.relation.objectName.displayed) must not be null, and the view "
                            + "does not show it"
                    )
            }
            if row.values[column.number] == nil {
                next[site].forced.insert(column.number)
                return .knowledge(next)
            }
            if row.values[column.number]?.content == .null, site == .row,
                let type = snapshot.baseType(of: column), case .enumeration = type.form,
                snapshot.enumLabels[type.oid] == nil
            {
                return .hopeless(
                    "impossible: column \(Identifier.displayed(column.name)) must not be null, and "
                        + "the type \(Identifier.displayed(type.name)) has no value"
                )
            }
            guard row.values[column.number]?.content == .null,
                next.tried.insert("null \(column.relation) \(column.number)").inserted
            else { return .nothing }
            next[site].values[column.number] = nil
            return .knowledge(next)
        }
        // A view may call the column otherwise: then each of its columns is given a value.
        guard row.relation.kind == .view, next.tried.insert("all columns").inserted else {
            return .nothing
        }
        next[site].forced.formUnion(
            columns.filter { !$0.hasDefault && !$0.isComputed }.map(\.number)
        )
        return .knowledge(next)
    }

    /// A default asks for what is not there: the column is given a value instead.
    func afterDefault(
        _ site: RowSite,
        _ row: RowDraft.Row,
        where isMeant: (Column) -> Bool
    ) -> Teaching {
        var next = knowledge
        let asking = (snapshot.columns[row.relation.oid] ?? []).filter { column in
            row.values[column.number] == nil && !column.isComputed && isMeant(column)
        }
        guard !asking.isEmpty else { return .nothing }
        next[site].forced.formUnion(asking.map(\.number))
        return .knowledge(next)
    }

    /// A default reads a parameter that nothing has set.
    ///
    /// In a row that others put in place the column is given a value. The tried role's own row shows
    /// what is missing, unless the default puts up with that: what it reads is NULL in a new session
    /// and an empty text in one that has had a value, and the verdict must not depend on it.
    func afterSetting(_ error: ServerError, _ site: RowSite, _ row: RowDraft.Row) -> Teaching {
        afterDefault(site, row) { column in
            guard let expression = column.defaultExpression, expression.holds("current_setting")
            else { return false }
            return site != .row || isPicking
                || error.isOfUnreadableText && expression.holds(", true)")
        }
    }

    /// A generated column must not be null: what it is made of must not let it.
    func afterGeneratedNull(
        _ column: Column,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        guard let expression = column.defaultExpression else { return .nothing }
        var next = knowledge
        let condition = LearnedCondition(text: "((\(expression)) IS NOT NULL)", mustBeTrue: true)
        guard !next[site].conditions.contains(condition) else { return .nothing }
        next[site].conditions.append(condition)
        let inputs = Conditions(of: row.relation, in: snapshot).inputs(of: column)
        return try solving(site, row, touching: inputs, apartBy: [], next)
    }
}
