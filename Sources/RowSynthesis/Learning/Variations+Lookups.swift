internal import Catalog
internal import Postgres
internal import Trials

extension Variations {
    /// Rows that the code looks for: those that are there, and made ones.
    func lookups(
        _ lookups: [CodeLookup],
        of row: RowDraft.Row,
        at site: RowSite
    ) throws(PostgresError) -> [RowKnowledge] {
        let relation = row.relation.oid
        let read = lookups.compactMap { known($0, at: site) }.prefix(12)
        // What others refer to is there before them, for them to share.
        let depths = read.map { lookup in
            read.count { snapshot.requiredParents(of: lookup.relation).contains($0.relation) }
        }
        let found = zip(read, depths).sorted { $0.1 < $1.1 }.map(\.0)
        guard !found.isEmpty else { return [] }
        var variations: [RowKnowledge] = []
        var taken = knowledge
        for lookup in found {
            let there = try existing(lookup)
            for (place, values) in there.enumerated() {
                if place == 0 { taken[site].take(values) }
                variations.append(changed { $0[site].take(values) })
            }
        }
        if found.count > 1, taken != knowledge { variations.insert(taken, at: 0) }
        let tables = found.map { [$0] }
        let all = found.count > 1 ? [found] + tables : tables
        for lookups in all {
            var made = knowledge
            for lookup in lookups { make(lookup, for: relation, at: site, in: &made) }
            variations.append(made)
            if lookups.count == found.count { variations += try relatives(of: made, lookups) }
            // The code may want nothing but that the row is there.
            var bare = knowledge
            for var lookup in lookups {
                lookup.columns = lookup.columns.filter {
                    if case .preferred = $0.value { false } else { true }
                }
                make(lookup, for: relation, at: site, in: &bare)
            }
            if bare != made { variations.append(bare) }
        }
        return variations.filter { $0 != knowledge }
    }

    /// The row as its code would have it: in all of the columns, and in each of them alone.
    func wished(
        _ wishes: [Int: CodeReader.OwnWish],
        in row: RowDraft.Row,
        at site: RowSite
    ) -> [RowKnowledge] {
        let open = wishes.filter { number, wish in
            guard let column = snapshot.column(number, of: row.relation.oid),
                isFree(column, at: site), let type = snapshot.baseType(of: column)
            else { return false }
            switch wish {
            case .null: return row.values[number] != nil && !column.isNotNull
            case .filled: return (row.values[number]?.content ?? .null) == .null
            case .value(let text):
                return row.values[number]?.content != .literal(text)
                    && ConstantCandidates(snapshot: snapshot, type: type).reads(text)
            }
        }
        func apply(_ number: Int, to knowledge: inout RowKnowledge) {
            switch open[number] {
            case .null:
                knowledge[site].values[number] = nil
                knowledge[site].forced.remove(number)
            case .filled:
                knowledge[site].values[number] = nil
                knowledge[site].forced.insert(number)
            case .value(let text):
                knowledge[site].values[number] = RowValue(.literal(text), from: .rule)
            case nil: break
            }
        }
        let numbers = open.keys.sorted()
        guard !numbers.isEmpty else { return [] }
        let all = changed { next in for number in numbers { apply(number, to: &next) } }
        return [all] + (numbers.count > 1 ? numbers.map { n in changed { apply(n, to: &$0) } } : [])
    }

    /// The made rows with other parents that are there.
    private func relatives(
        of made: RowKnowledge,
        _ lookups: [CodeLookup]
    ) throws(PostgresError) -> [RowKnowledge] {
        var variations: [RowKnowledge] = []
        for relation in Set(lookups.map(\.relation)).sorted() {
            for key in snapshot.constraints[relation] ?? [] where key.kind == .foreignKey {
                guard
                    lookups.allSatisfy({ lookup in
                        lookup.relation != relation
                            || key.columns.allSatisfy { lookup.columns[$0] == nil }
                    })
                else { continue }
                let parent = ParentKey(
                    relation: key.referencedRelation,
                    columns: key.referencedColumns
                )
                for tuple in try lookup.tuples(of: parent, limit: 12) {
                    var next = made
                    for (column, text) in zip(key.columns, tuple) {
                        next[.parent(relation)].values[column] = RowValue(
                            .literal(text),
                            from: .existingParent
                        )
                    }
                    variations.append(next)
                }
            }
        }
        return Array(variations.prefix(24))
    }

    /// The lookup by what can be known beforehand of the row that sets the code off.
    private func known(_ lookup: CodeLookup, at site: RowSite) -> CodeLookup? {
        var known = lookup
        known.columns = lookup.columns.filter { _, wish in
            guard case .column(let number) = wish,
                let column = snapshot.column(number, of: lookup.by)
            else { return true }
            return site != .row || !synthesizer.drawsFromSequence(column)
        }
        known.columns = known.columns.filter { number, _ in
            snapshot.column(number, of: lookup.relation).map { !$0.isComputed } ?? false
        }
        return known.columns.isEmpty ? nil : known
    }

    /// The values that the row gets from rows that are there.
    private func existing(_ lookup: CodeLookup) throws(PostgresError) -> [[Int: RowValue]] {
        var pairs: [(own: Int, there: Int)] = []
        var wanted: [Int: String] = [:]
        for (number, wish) in lookup.columns.sorted(by: { $0.key < $1.key }) {
            switch wish {
            case .column(let own): pairs.append((own, number))
            case .value(let value):
                if case .literal(let text) = value.content { wanted[number] = text }
            case .preferred: break
            }
        }
        guard !pairs.isEmpty else { return [] }
        let key = ParentKey(relation: lookup.relation, columns: pairs.map(\.there))
        return try self.lookup.tuples(of: key, with: wanted, limit: 3).map { tuple in
            Dictionary(
                zip(pairs, tuple).map {
                    ($0.own, RowValue(.literal($1), from: .existingParent))
                }
            ) { first, _ in first }
        }
    }

    /// Has the row made that is looked for, or the parent of that table that the row has anyway.
    private func make(
        _ lookup: CodeLookup,
        for relation: OID,
        at site: RowSite,
        in knowledge: inout RowKnowledge
    ) {
        let key = (snapshot.constraints[relation] ?? []).first { key in
            key.kind == .foreignKey && key.referencedRelation == lookup.relation
                && zip(key.columns, key.referencedColumns).allSatisfy {
                    lookup.columns[$1] == .column($0)
                }
        }
        guard let key else {
            if !knowledge.lookups.contains(lookup) { knowledge.lookups.append(lookup) }
            // What referred to a row that is there is to refer to the made one.
            for number in lookup.ownColumns
            where knowledge[site].values[number]?.source == .existingParent {
                knowledge[site].values[number] = nil
            }
            return
        }
        let parent = RowSite.parent(lookup.relation)
        for (number, wish) in lookup.columns {
            switch wish {
            case .value(let value), .preferred(let value):
                knowledge[parent].values[number] = value
            case .column: break
            }
        }
        for number in key.columns { knowledge[site].values[number] = nil }
        knowledge[site].forced.formUnion(key.columns)
        knowledge[site].scaffoldedKeys.insert(key.oid)
    }

    /// Columns that may refer to rows of tables which the code names, however it looks for them.
    func guessedLookups(
        by columns: [Column],
        of row: RowDraft.Row,
        _ code: TriggerCode
    ) -> [RowKnowledge] {
        let bound = snapshot.foreignKeyColumns(of: row.relation.oid)
        var variations: [RowKnowledge] = []
        for column in columns where !bound.contains(column.number) {
            for table in code.tables.prefix(8) {
                for key in snapshot.uniqueIndexes[table.oid] ?? []
                where key.columns.count == 1 && key.columns[0] != 0 {
                    guard let target = snapshot.column(key.columns[0], of: table.oid),
                        snapshot.baseType(of: target)?.oid == snapshot.baseType(of: column)?.oid
                    else { continue }
                    let lookup = CodeLookup(
                        by: row.relation.oid,
                        relation: table.oid,
                        columns: [target.number: .column(column.number)]
                    )
                    guard !knowledge.lookups.contains(lookup) else { continue }
                    variations.append(changed { $0.lookups.append(lookup) })
                }
            }
        }
        return Array(variations.prefix(16))
    }
}
