internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// Solves the components that hold some of the columns, and remembers what was found.
    func solving(
        _ site: RowSite,
        _ row: RowDraft.Row,
        touching columns: Set<Int>,
        apartBy indexes: [UniqueIndex],
        _ knowledge: RowKnowledge,
        asRole: Bool = false
    ) throws(PostgresError) -> Teaching {
        let relation = row.relation
        let foreignKeys = (snapshot.constraints[relation.oid] ?? [])
            .filter { $0.kind == .foreignKey && $0.isEnforced }
        let conditions =
            Conditions(of: relation, in: snapshot).all
            + learned(knowledge[site].conditions, about: relation)
        var groups = foreignKeys.filter { $0.columns.count > 1 }.map { Set($0.columns) }
        groups += indexes.map { self.columns(of: [$0], in: relation) }
        var components = Component.components(of: conditions, joinedBy: groups)
            .filter { !$0.columns.isDisjoint(with: columns) }
        if components.isEmpty, !indexes.isEmpty {
            components = [Component(columns: columns, conditions: [])]
        }
        var next = knowledge
        var isSolved = false
        for component in components {
            let solver = Solver(
                lookup: lookup,
                synthesizer: synthesizer,
                row: row,
                isTried: site == .row,
                fresh: (synthesizer.salt * 64 + 32 + next.round) * 512,
                patience: patience,
                roleLines: asRole ? role.lines : [],
                vacancy: site == .row ? knowledge.vacancy : nil
            )
            let keys = foreignKeys.filter { component.columns.isSuperset(of: $0.columns) }
            let indexes =
                site == .row && knowledge.ignoresConflicts
                ? [] : indexes + apart(component, besides: indexes, in: relation)
            var solution = Solver.Solution.unknown
            if !keys.isEmpty {
                solution = try solver.solve(component, apartBy: indexes, referringBy: keys)
            }
            if case .found(let values) = solution {
                next[site].take(values, from: row, making: [], finding: keys)
                isSolved = true
                continue
            }
            switch try solver.solve(component, apartBy: indexes, referringBy: []) {
            case .found(let values):
                next[site].take(values, from: row, making: keys, finding: [])
                isSolved = true
            case .impossible:
                let isDeclared = component.columns.contains {
                    synthesizer.declared[relation.oid]?[$0] != nil
                }
                guard site == .row, !isDeclared else { return .nothing }
                return try hopeless(component, indexes, solver)
            case .unknown: continue
            }
        }
        return isSolved && next != self.knowledge ? .knowledge(next) : .nothing
    }

    /// Whether the rows that are there are all that the tried relation's indexes allow, for a search
    /// that ended with something else in the way.
    ///
    /// - Throws: `connectionLost`.
    func fullness() throws(PostgresError) -> Fullness? {
        let row = draft.suitedRow
        guard row.relation.kind == .table, lookup.reader(row.relation) != .nobody else {
            return nil
        }
        for index in snapshot.uniqueIndexes[row.relation.oid] ?? [] {
            let columns = columns(of: [index], in: row.relation)
            guard !columns.isEmpty, columns.count <= 3 else { continue }
            let teaching = try solving(.row, row, touching: columns, apartBy: [index], knowledge)
            if case .full(let fullness) = teaching { return fullness }
        }
        return nil
    }

    /// The indexes that a choice for the component alone can respect.
    func apart(
        _ component: Component,
        besides indexes: [UniqueIndex],
        in relation: Relation
    ) -> [UniqueIndex] {
        guard relation.kind == .table, lookup.reader(relation) != .nobody else { return [] }
        return (snapshot.uniqueIndexes[relation.oid] ?? []).filter { index in
            let columns = columns(of: [index], in: relation)
            return !indexes.contains(index) && !columns.isEmpty
                && component.columns.isSuperset(of: columns)
        }
    }

    /// Says whether the rows that are there stand in the way, or the constraints each other.
    func hopeless(
        _ component: Component,
        _ indexes: [UniqueIndex],
        _ solver: Solver
    ) throws(PostgresError) -> Teaching {
        let names = (snapshot.columns[solver.row.relation.oid] ?? [])
            .filter { component.columns.contains($0.number) }
            .map { Identifier.displayed($0.name) }
        let list = names.joined(separator: ", ")
        if let index = indexes.first,
            case .found = try solver.solve(component, apartBy: [], referringBy: [])
        {
            return .full(
                Fullness(
                    reason: "full: every row that \(Identifier.displayed(index.name)) allows is "
                        + "there already (\(list))",
                    index: index,
                    columns: component.columns
                )
            )
        }
        guard indexes.isEmpty else { return .nothing }
        let constraints = Set(component.conditions.map(\.name)).filter { !$0.isEmpty }.sorted()
            .map(Identifier.displayed)
        return .hopeless(
            "impossible: no values of \(list) satisfy \(constraints.joined(separator: ", "))"
        )
    }
}

extension RelationKnowledge {
    /// Remembers the values that the server found; `keys` are those whose parents must be made,
    /// `others` those whose parents are there.
    fileprivate mutating func take(
        _ found: [Int: RowValue?],
        from row: RowDraft.Row,
        making keys: [Constraint],
        finding others: [Constraint]
    ) {
        scaffoldedKeys.subtract(others.map(\.oid))
        for (number, value) in found {
            // It stays what the tried row has drawn.
            if row.values[number]?.isDrawn ?? false { continue }
            guard let value else {
                values[number] = nil
                forced.remove(number)
                continue
            }
            // What keeps the row apart from others stays free to change.
            if value.content == row.values[number]?.content,
                [.fresh, .scaffold].contains(value.source)
            {
                continue
            }
            values[number] = value
        }
        for key in keys {
            let chosen = key.columns.map { values[$0] ?? row.values[$0] }
            if chosen.allSatisfy({ $0?.source == .existingParent }) {
                scaffoldedKeys.remove(key.oid)
            } else if chosen.allSatisfy({ $0.map { $0.content != .null } ?? false }) {
                scaffoldedKeys.insert(key.oid)
            }
        }
    }
}
