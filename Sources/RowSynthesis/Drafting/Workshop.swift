internal import Catalog

/// A draft while it is being made.
struct Workshop {
    let synthesizer: RowSynthesizer
    let knowledge: RowKnowledge
    var draft: RowDraft
    /// The rows of the scaffold that are done, by relation, to be shared by all that refer to them.
    private var made: [OID: [[Int: RowValue]]] = [:]
    /// The values of rows that are being made, for cycles.
    private var planned: [OID: [Int: RowValue]] = [:]
    /// Those of them that turned out to be their own ancestors.
    private var ringed: Set<OID> = []
    /// The relations of rows that refer to the tried one.
    private var followers: Set<OID> = []
    /// Whether the row that is being made refers to the tried one.
    private var follows = false
    /// The columns by which the rows that are being made are referred to.
    private var references: [OID: Set<Int>] = [:]
    private var counter = 0

    init(synthesizer: RowSynthesizer, knowledge: RowKnowledge, relation: Relation) {
        self.synthesizer = synthesizer
        self.knowledge = knowledge
        draft = RowDraft(row: RowDraft.Row(relation, in: synthesizer.snapshot))
        draft.needsReplicaMode = knowledge.usesReplicaMode
    }

    private var snapshot: Snapshot { synthesizer.snapshot }

    /// The number of the next value that nobody has.
    private mutating func nextFresh() -> Int {
        counter += 1
        return (synthesizer.salt * 64 + knowledge.round % 64) * 512 + counter
    }

    mutating func fillTriedRow() {
        let relation = draft.row.relation
        let columns = snapshot.columns[relation.oid] ?? []
        let known = knowledge.row
        let required = Set(synthesizer.requiredColumns(of: relation).map(\.number))
        let declared = synthesizer.declared[relation.oid] ?? [:]
        var values = known.values.merging(declared) { _, declared in declared }
        let named = required.union(known.forced).union(values.keys).union(knowledge.namedKey)
            .union(lookedFor(by: relation))
        references[relation.oid] = knowledge.namedKey
        if knowledge.closesRings {
            let bound = Set(boundKeys(of: relation, named: named).flatMap(\.columns))
            let own = columns.filter { column in
                !bound.contains(column.number) || synthesizer.drawsFromSequence(column)
            }
            guess(own.filter { named.contains($0.number) }, &values)
            planned[relation.oid] = withDrawn(values, of: relation)
        }
        bindKeys(of: relation, named: named, values: &values, known: known)
        guess(columns.filter { named.contains($0.number) }, &values)
        draft.row.values = values
        for key in knowledge.children { makeChild(by: key) }
    }

    /// Makes a row that refers to the tried one.
    private mutating func makeChild(by key: Constraint) {
        guard let child = snapshot.relations[key.relation] else { return }
        let values = withDrawn(draft.row.values, of: draft.row.relation)
        var fixed: [Int: RowValue] = [:]
        for (own, referenced) in zip(key.columns, key.referencedColumns) {
            guard let value = values[referenced] else { return }
            fixed[own] = RowValue(value.content, from: .scaffold)
        }
        _ = scaffold(child, fixed: fixed, key: Reference(columns: key.columns), follows: true)
    }

    /// The values as rows that follow can know them: with what has been drawn from sequences.
    private func withDrawn(_ values: [Int: RowValue], of relation: Relation) -> [Int: RowValue] {
        var values = values
        for column in snapshot.columns[relation.oid] ?? [] where values[column.number] == nil {
            let place = Reach.Place(relation: relation.oid, column: column.number)
            let sequence =
                snapshot.reach.identitySequences[place]
                ?? snapshot.reach.defaultSequences[place]?.first
            guard let sequence = sequence.flatMap({ snapshot.relations[$0] }) else { continue }
            values[column.number] = RowValue(.drawn(from: sequence), from: .sequence)
        }
        return values
    }

    /// Gives a value to those of the columns that have none yet.
    private mutating func guess(_ columns: [Column], _ values: inout [Int: RowValue]) {
        guard let relation = columns.first.flatMap({ snapshot.relations[$0.relation] }) else {
            return
        }
        let unique = synthesizer.uniqueColumns(of: relation).union(references[relation.oid] ?? [])
        for column in columns where values[column.number] == nil {
            let fresh = unique.contains(column.number) ? nextFresh() : nil
            values[column.number] = synthesizer.guess(for: column, of: relation, fresh: fresh)
        }
    }

    /// Gives every key that the row cannot leave empty a parent's values.
    private mutating func bindKeys(
        of relation: Relation,
        named: Set<Int>,
        values: inout [Int: RowValue],
        known: RelationKnowledge
    ) {
        // What code looks for by constants is there before anything sets that code off.
        for lookup in knowledge.lookups
        where lookup.by == relation.oid && lookup.ownColumns.isEmpty {
            _ = look(lookup, given: [:])
        }
        var keys = boundKeys(of: relation, named: named)
        if known.reversesParents { keys.reverse() }
        let lonely = keysThatMustDiffer(in: relation, among: keys)
        // The parents that the row has already, by relation.
        var taken: [OID: [[Int: RowValue]]] = [:]
        for key in keys {
            let isSecond = known.separatesParents && taken[key.referencedRelation] != nil
            let mustScaffold = known.scaffoldedKeys.contains(key.oid) || isSecond
            let isBound = key.columns.allSatisfy { values[$0] != nil }
            if isBound, !mustScaffold { continue }
            var fixed: [Int: RowValue] = [:]
            for (child, parent) in zip(key.columns, key.referencedColumns) {
                fixed[parent] = values[child]
            }
            if fixed.values.contains(where: { $0.content == .null }) { continue }
            if !mustScaffold, !lonely.contains(key.oid), fixed.isEmpty,
                let existing = existing(for: key)
            {
                for (child, text) in zip(key.columns, existing) {
                    values[child] = RowValue(.literal(text), from: .existingParent)
                }
                taken[key.referencedRelation, default: []] += []
                continue
            }
            guard let parent = snapshot.relations[key.referencedRelation] else { continue }
            let parentValues = scaffold(
                parent,
                fixed: fixed,
                key: Reference(key),
                avoiding: isSecond ? taken[parent.oid] ?? [] : []
            )
            taken[parent.oid, default: []].append(parentValues)
            let isClaimed = knowledge.madeByTriggers.contains { $0.parent == parent.oid }
            for (child, column) in zip(key.columns, key.referencedColumns) {
                guard values[child] == nil, let value = parentValues[column] else { continue }
                // What the tried row draws itself is left to its default.
                if value.isDrawn, relation.oid == draft.row.relation.oid { continue }
                // A row that was not made here may be somebody else's.
                let isOurs = !isClaimed || [.fresh, .scaffold].contains(value.source)
                values[child] = RowValue(value.content, from: isOurs ? .scaffold : .existingParent)
            }
        }
        bindLookups(of: relation, values: &values)
    }

    /// Puts a row in place that code of another looks for; returns its values.
    private mutating func look(
        _ lookup: CodeLookup,
        given values: [Int: RowValue]
    ) -> [Int: RowValue] {
        guard let relation = snapshot.relations[lookup.relation] else { return [:] }
        var fixed: [Int: RowValue] = [:]
        for (column, wish) in lookup.columns {
            switch wish {
            case .value(let value), .preferred(let value): fixed[column] = value
            case .column(let own): fixed[column] = values[own]
            }
        }
        guard !fixed.values.contains(where: { $0.content == .null }) else { return [:] }
        return scaffold(
            relation,
            fixed: fixed,
            key: Reference(columns: lookup.columns.keys.sorted())
        )
    }

    /// Gives the row what it shares with rows that its code looks for.
    private mutating func bindLookups(of relation: Relation, values: inout [Int: RowValue]) {
        for lookup in knowledge.lookups
        where lookup.by == relation.oid && !lookup.ownColumns.isEmpty {
            let found = look(lookup, given: values)
            for (column, wish) in lookup.columns {
                guard case .column(let number) = wish, values[number] == nil,
                    let value = found[column],
                    !value.isDrawn || relation.oid != draft.row.relation.oid
                else { continue }
                values[number] = RowValue(value.content, from: .scaffold)
            }
        }
    }

    /// The columns by whose values code of the relation looks for rows.
    private func lookedFor(by relation: Relation) -> Set<Int> {
        knowledge.lookups.filter { $0.by == relation.oid }.reduce(into: Set<Int>()) {
            $0.formUnion($1.ownColumns)
        }
    }

    private func existing(for key: Constraint) -> [String]? {
        let parent = ParentKey(relation: key.referencedRelation, columns: key.referencedColumns)
        return synthesizer.parents.values[parent] ?? knowledge.existing[parent]
    }

    /// The keys that the row fills, those with the most columns first.
    private func boundKeys(of relation: Relation, named: Set<Int>) -> [Constraint] {
        (snapshot.constraints[relation.oid] ?? [])
            .filter { key in
                guard key.kind == .foreignKey, key.isEnforced else { return false }
                return key.isMatchFull
                    ? key.columns.contains(where: named.contains)
                    : key.columns.contains(where: named.contains)
                        && key.columns.allSatisfy { isFilled($0, of: relation, named) }
            }
            .sorted { ($1.columns.count, $0.oid) < ($0.columns.count, $1.oid) }
    }

    private func isFilled(_ number: Int, of relation: Relation, _ named: Set<Int>) -> Bool {
        guard !named.contains(number) else { return true }
        guard let column = snapshot.column(number, of: relation.oid) else { return false }
        // What the row draws from a sequence is tried before a key may ask for another value.
        return column.hasDefault && !column.isComputed
            && (knowledge.closesRings || !synthesizer.drawsFromSequence(column))
    }

    /// The keys whose parent must be new because the child may refer to each parent only once.
    private func keysThatMustDiffer(in relation: Relation, among keys: [Constraint]) -> Set<OID> {
        let bound = Set(keys.flatMap(\.columns))
        var lonely: Set<OID> = []
        for index in snapshot.uniqueIndexes[relation.oid] ?? []
        where !index.columns.isEmpty && index.columns.allSatisfy(bound.contains) {
            let owners = keys.filter { !Set($0.columns).isDisjoint(with: index.columns) }
            if let key = owners.first(where: { !lonely.contains($0.oid) }),
                lonely.isDisjoint(with: owners.map(\.oid))
            {
                lonely.insert(key.oid)
            }
        }
        return lonely
    }

    /// Makes a parent, and its parents first; returns its values.
    ///
    /// Serial and identity columns are given values here, so that no sequence moves.
    private mutating func scaffold(
        _ relation: Relation,
        fixed: [Int: RowValue],
        key: Reference,
        avoiding others: [[Int: RowValue]] = [],
        follows isFollowing: Bool = false
    ) -> [Int: RowValue] {
        if let ancestor = planned[relation.oid] {
            if key.child != relation.oid {
                if relation.oid == draft.row.relation.oid,
                    !key.isDeferrable
                        || key.columns.contains(where: { ancestor[$0]?.isDrawn ?? false })
                {
                    follows = true
                } else if key.isDeferrable {
                    draft.defersConstraints = true
                } else {
                    ringed.insert(relation.oid)
                }
            }
            return ancestor
        }
        let shared = made[relation.oid]?.first { values in
            !others.contains(values)
                && fixed.allSatisfy { values[$0.key]?.content == $0.value.content }
        }
        if let shared {
            if followers.contains(relation.oid) { follows = true }
            return shared
        }
        let isOuterFollowing = follows
        follows = isFollowing
        guard draft.scaffold.count < 200 else { return [:] }
        let known = knowledge.parents[relation.oid] ?? RelationKnowledge()
        let named = scaffoldColumns(of: relation, fixed: fixed, key: key, known: known)
        let unique = synthesizer.uniqueColumns(of: relation).union(key.columns)
        let declared = synthesizer.declared[relation.oid] ?? [:]
        var learned = known.values
        // A second row of the relation must not repeat what keeps the first apart.
        if made[relation.oid] != nil { learned = learned.filter { !unique.contains($0.key) } }
        var values = fixed.merging(declared) { own, _ in own }.merging(learned) { own, _ in own }
        let boundByKeys = Set(boundKeys(of: relation, named: named).flatMap(\.columns))
        let columns = (snapshot.columns[relation.oid] ?? []).filter { named.contains($0.number) }
        references[relation.oid] = Set(key.columns)
        guess(columns.filter { !boundByKeys.contains($0.number) }, &values)
        let start = draft.scaffold.count
        planned[relation.oid] = values
        bindKeys(of: relation, named: named, values: &values, known: known)
        planned[relation.oid] = nil
        references[relation.oid] = Set(key.columns)
        guess(columns, &values)
        let isMade = knowledge.madeByTriggers.contains {
            $0.parent == relation.oid && ($0.child == nil || $0.child == key.child)
        }
        if !isMade {
            if follows, !knowledge.usesReplicaMode { draft.following.insert(draft.scaffold.count) }
            draft.scaffold.append(RowDraft.Row(relation, in: snapshot, values: values))
        }
        if follows {
            followers.insert(relation.oid)
            draft.defersConstraints = draft.defersConstraints || key.isDeferrable
        }
        follows = follows || isOuterFollowing
        if ringed.remove(relation.oid) != nil {
            draft.rings.append(start..<draft.scaffold.count)
        }
        made[relation.oid, default: []].append(values)
        return values
    }

    /// The columns that a scaffold row names.
    private func scaffoldColumns(
        of relation: Relation,
        fixed: [Int: RowValue],
        key: Reference,
        known: RelationKnowledge
    ) -> Set<Int> {
        let columns = snapshot.columns[relation.oid] ?? []
        let drawn = columns.filter { synthesizer.drawsFromSequence($0) }.map(\.number)
        return Set(synthesizer.requiredColumns(of: relation).map(\.number))
            .union(drawn).union(key.columns).union(fixed.keys)
            .union(known.forced).union(known.values.keys).union(lookedFor(by: relation))
            .union((synthesizer.declared[relation.oid] ?? [:]).keys)
            .subtracting(columns.filter(\.isComputed).map(\.number))
    }
}

/// How a row that is being made is referred to.
private struct Reference {
    /// The relation whose key it is; `nil` if only code asks for the row.
    var child: OID?
    var isDeferrable = false
    /// The referenced columns.
    var columns: [Int]

    init(columns: [Int]) { self.columns = columns }

    init(_ key: Constraint) {
        child = key.relation
        isDeferrable = key.isDeferrable
        columns = key.referencedColumns
    }
}
