package import Catalog
package import Postgres
internal import Trials

extension Lookup {
    /// Learns from the error of an INSERT; `nil` if nothing that it teaches leads to another row.
    ///
    /// - Throws: `connectionLost`.
    package func knowledge(
        after error: ServerError,
        of draft: RowDraft,
        in knowledge: RowKnowledge
    ) throws(PostgresError) -> RowKnowledge? {
        guard error.isInOurStatement || error.sqlState == .foreignKeyViolation else { return nil }
        var next = knowledge
        let relation = draft.row.relation
        switch error.sqlState {
        case .notNullViolation: return afterNull(error, draft, knowledge)
        case .foreignKeyViolation:
            guard
                let key = snapshot.constraints[relation.oid]?.first(where: {
                    $0.kind == .foreignKey && $0.name == error.constraint
                }), next.scaffoldedKeys.insert(key.oid).inserted
            else { return nil }
            next.forced.formUnion(key.columns)
            return next
        case .uniqueViolation: return try afterDuplicate(error, draft, knowledge)
        case .checkViolation where error.sourceFunction == "ExecFindPartition":
            guard next.tried.insert("partition").inserted,
                let values = try partitionValues(of: relation)
            else { return nil }
            next.values.merge(values) { _, new in new }
            return next
        case .insufficientPrivilege where error.sourceFunction == "ExecWithCheckOptions":
            guard next.tried.insert("policy").inserted else { return nil }
            next.values.merge(try policyValues(of: relation)) { _, new in new }
            return next.values == knowledge.values ? nil : next
        default: return nil
        }
    }

    /// Learns from the error of a scaffold row; `mayUseReplicaMode` tells whether the connecting
    /// role may switch user triggers off.
    package func knowledge(
        afterScaffold parent: Relation?,
        failedWith error: ServerError,
        in knowledge: RowKnowledge,
        mayUseReplicaMode: Bool
    ) throws(PostgresError) -> RowKnowledge? {
        var next = knowledge
        if error.sourceFunction == "ExecFindPartition", let parent,
            next.parentValues[parent.oid] == nil
        {
            next.parentValues[parent.oid] = try partitionValues(of: parent) ?? [:]
            return next
        }
        if error.sqlState == .uniqueViolation, next.round < 2 {
            next.round += 1
            return next
        }
        if mayUseReplicaMode, !next.usesReplicaMode {
            next.usesReplicaMode = true
            return next
        }
        // Without the parents the trial still shows what is denied before they are looked for.
        guard !next.goesWithoutScaffold, error.sqlState.conditionClass != "55" else { return nil }
        next.goesWithoutScaffold = true
        return next
    }

    private func afterNull(
        _ error: ServerError,
        _ draft: RowDraft,
        _ knowledge: RowKnowledge
    ) -> RowKnowledge? {
        var next = knowledge
        let columns = snapshot.columns[draft.row.relation.oid] ?? []
        if let column = columns.first(where: { $0.name == error.column }) {
            guard !column.isIdentity, !column.isGenerated, !draft.named.contains(column.number),
                next.forced.insert(column.number).inserted
            else { return nil }
            return next
        }
        // A view may call the column otherwise: then each of its columns is given a value.
        guard draft.row.relation.kind == .view, next.tried.insert("all columns").inserted else {
            return nil
        }
        next.forced.formUnion(columns.filter { !$0.hasDefault }.map(\.number))
        return next
    }

    private func afterDuplicate(
        _ error: ServerError,
        _ draft: RowDraft,
        _ knowledge: RowKnowledge
    ) throws(PostgresError) -> RowKnowledge? {
        var next = knowledge
        let relation = draft.row.relation
        let indexes = snapshot.uniqueIndexes[relation.oid] ?? []
        let columns = Set(
            indexes.first { $0.name == error.constraint }?.columns ?? indexes.flatMap(\.columns)
        )
        let keys = (snapshot.constraints[relation.oid] ?? []).filter { key in
            key.kind == .foreignKey && !columns.isDisjoint(with: key.columns)
                && key.columns.contains { draft.row.values[$0]?.source == .existingParent }
        }
        if !keys.isEmpty {
            next.scaffoldedKeys.formUnion(keys.map(\.oid))
            return next
        }
        let own = columns.filter { draft.row.values[$0].map { $0.source != .scaffold } ?? false }
        guard !own.isEmpty else { return nil }
        if next.round < 2 {
            next.round += 1
            return next
        }
        guard next.tried.insert("unused").inserted else { return nil }
        for number in own.sorted() {
            guard let column = snapshot.column(number, of: relation.oid),
                let value = try unusedValue(of: column, in: relation)
            else { continue }
            next.values[number] = value
            return next
        }
        return nil
    }

    /// Asks the server for a value of a small type that no row has yet.
    private func unusedValue(
        of column: Column,
        in relation: Relation
    ) throws(PostgresError) -> RowValue? {
        guard let type = snapshot.types[column.type], relation.kind == .table else { return nil }
        let sample = TypeSample(snapshot: snapshot)
        var candidates: [String] = []
        for fresh in 0..<256 {
            guard
                case .literal(let text) = sample.value(
                    of: column.type,
                    modifier: column.typeModifier,
                    fresh: fresh
                ), !candidates.contains(text)
            else { continue }
            candidates.append(text)
        }
        guard !candidates.isEmpty else { return nil }
        let cast = try quotedName(of: type)
        var list: [String] = []
        for candidate in candidates {
            list.append("(\(try connection.quoted(literal: candidate)))")
        }
        let name = try connection.quoted(identifier: column.name)
        let query = """
            SELECT c.v FROM (VALUES \(list.joined(separator: ", "))) AS c(v)
             WHERE NOT EXISTS (SELECT FROM ONLY \(try quotedName(of: relation)) AS t
                                WHERE t.\(name) = c.v::\(cast)) LIMIT 1
            """
        let found = try rows(of: query, as: reader(relation))?.first?[0]
        return found.map { RowValue(.literal($0), from: .fresh) }
    }
}
