internal import Catalog
internal import Postgres
internal import Trials

/// Other rows to try where only code in the database knows what is wrong with the one that it
/// refused: the likeliest first.
struct Variations {
    let lookup: Lookup
    let synthesizer: RowSynthesizer
    let draft: RowDraft
    let knowledge: RowKnowledge
    let mayUseReplicaMode: Bool
    /// The events whose triggers the tried row meets.
    let events: Set<Relation.Event>

    /// The catalog.
    var snapshot: Snapshot { lookup.snapshot }

    /// Lists what might be changed after a failure.
    ///
    /// - Throws: `connectionLost`.
    func all(after failure: Failure) throws(PostgresError) -> [RowKnowledge] {
        switch failure {
        case .scaffold(let index, _):
            guard draft.scaffold.indices.contains(index) else { return [] }
            var variations: [RowKnowledge] = []
            if mayUseReplicaMode, !knowledge.usesReplicaMode {
                var next = knowledge
                next.usesReplicaMode = true
                variations.append(next)
            }
            let row = draft.scaffold[index]
            variations += arrangements
            return variations + (try others(for: row, at: .parent(row.relation.oid)))
        case .row, .swallowed, .filtered:
            var variations = failure.error.map(children) ?? []
            variations += otherAssignments
            variations += arrangements
            variations += try others(for: draft.suitedRow, at: .row)
            variations += otherParents()
            if mayUseReplicaMode, !knowledge.usesReplicaMode, !draft.scaffold.isEmpty {
                var next = knowledge
                next.usesReplicaMode = true
                variations.append(next)
            }
            return variations
        }
    }

    /// Other values for one row.
    private func others(
        for row: RowDraft.Row,
        at site: RowSite
    ) throws(PostgresError) -> [RowKnowledge] {
        let code = code(at: site, of: row.relation)
        let mentioned = code.mentioned.filter { isFree($0, at: site) }
        var variations: [RowKnowledge] = []
        for values in try templates(for: row, keeping: []) {
            variations.append(changed { $0[site].take(values) })
        }
        let reader = CodeReader(code.hints, of: row.relation, in: snapshot)
        variations += wished(reader.wishes, in: row, at: site)
        variations += try lookups(reader.lookups, of: row, at: site)
        variations += try existingParents(for: row, at: site)
        let unnamed = mentioned.filter { row.values[$0.number] == nil }
        if !unnamed.isEmpty {
            variations.append(changed { $0[site].forced.formUnion(unnamed.map(\.number)) })
        }
        variations += constants(for: mentioned, in: row, at: site, from: code)
        variations += guessedLookups(by: mentioned, of: row, code)
        let keeping = Set(mentioned.map(\.number))
        for values in try templates(for: row, keeping: keeping) {
            variations.append(changed { $0[site].take(values) })
        }
        let nullable = (snapshot.columns[row.relation.oid] ?? [])
            .filter { isFree($0, at: site) && row.values[$0.number] == nil && !$0.hasDefault }
        if nullable.count > unnamed.count {
            variations.append(changed { $0[site].forced.formUnion(nullable.map(\.number)) })
        }
        return variations
    }

    /// The code that a row meets.
    func code(at site: RowSite, of relation: Relation) -> TriggerCode {
        TriggerCode(of: relation, in: snapshot, on: site == .row ? events : [.insert])
    }

    /// Whether the column is ours to choose.
    func isFree(_ column: Column, at site: RowSite) -> Bool {
        !column.isComputed && !(site == .row && synthesizer.drawsFromSequence(column))
            && synthesizer.declared[column.relation]?[column.number] == nil
    }

    /// What is known, with a change.
    func changed(_ change: (inout RowKnowledge) -> Void) -> RowKnowledge {
        var next = knowledge
        change(&next)
        return next
    }

    private func templates(
        for row: RowDraft.Row,
        keeping kept: Set<Int>
    ) throws(PostgresError) -> [[Int: RowValue]] {
        try Templates(lookup: lookup, synthesizer: synthesizer)
            .values(of: row.relation, keeping: kept, limit: 2)
    }

    /// One column at a time becomes one of the constants that the triggers' code mentions.
    private func constants(
        for columns: [Column],
        in row: RowDraft.Row,
        at site: RowSite,
        from code: TriggerCode
    ) -> [RowKnowledge] {
        let required = Set(synthesizer.requiredColumns(of: row.relation).map(\.number))
        let bound = snapshot.foreignKeyColumns(of: row.relation.oid)
        var variations: [RowKnowledge] = []
        for column in columns where !bound.contains(column.number) {
            guard let type = snapshot.baseType(of: column) else { continue }
            var candidates = ConstantCandidates(snapshot: snapshot, type: type)
                .candidates(from: code.hints)
            candidates += PatternCandidates(type: type).candidates(from: code.hints)
            candidates += JSONCandidates(snapshot: snapshot, type: type)
                .candidates(from: code.hints)
            candidates +=
                TypeCandidates(snapshot: snapshot, type: type, modifier: -1).candidates.prefix(8)
            // What the code names may be just what it refuses.
            let sample = TypeSample(snapshot: snapshot).value(
                of: type.oid,
                modifier: snapshot.baseModifier(of: column),
                fresh: (synthesizer.salt * 64 + 40) * 512 + column.number
            )
            if case .literal(let text) = sample {
                candidates.insert(Candidate(content: .literal(text), source: .fresh), at: 0)
            }
            for candidate in candidates.prefix(24) {
                guard let text = candidate.text,
                    row.values[column.number]?.content != .literal(text)
                else { continue }
                variations.append(
                    changed {
                        $0[site].values[column.number] = RowValue(.literal(text), from: .rule)
                    }
                )
            }
            if !required.contains(column.number), row.values[column.number] != nil {
                variations.append(
                    changed {
                        $0[site].values[column.number] = nil
                        $0[site].forced.remove(column.number)
                    }
                )
            }
        }
        return variations
    }
}
