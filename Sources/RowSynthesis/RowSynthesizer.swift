package import Catalog
internal import Trials

/// Puts a row together from what the catalog says, without asking the server anything.
///
/// The first row is a guess; the trial is its judge, and what its error teaches comes back as
/// `RowKnowledge`.
package struct RowSynthesizer: Sendable {
    package let snapshot: Snapshot
    package let parents: ExistingParents
    /// Differs between connections, so that no two of them make the same unique key.
    package let salt: Int
    /// What the user has said, by relation and column; it wins over everything.
    private let declared: [OID: [Int: RowValue]]
    /// For the columns that others refer to, the smallest column that does.
    private let narrowest: [Reach.Place: Column]

    package init(
        _ snapshot: Snapshot,
        parents: ExistingParents,
        salt: Int,
        declared: [OID: [Int: RowValue]] = [:]
    ) {
        self.snapshot = snapshot
        self.parents = parents
        self.salt = salt
        self.declared = declared
        narrowest = snapshot.narrowestReferences()
    }

    /// The column whose type a new value of a referenced column must fit in.
    func narrowest(_ column: Column) -> Column {
        narrowest[Reach.Place(relation: column.relation, column: column.number)] ?? column
    }

    /// The values that the user has given a relation's columns.
    func declaredValues(of relation: Relation) -> [Int: RowValue] { declared[relation.oid] ?? [:] }

    /// Makes a row for a relation, with the scaffold that it needs.
    package func draft(for relation: Relation, knowing knowledge: RowKnowledge) -> RowDraft {
        var workshop = Workshop(
            synthesizer: self,
            knowledge: knowledge,
            row: RowDraft.Row(relation, in: snapshot)
        )
        workshop.fillTriedRow()
        if knowledge.goesWithoutScaffold { workshop.draft.scaffold = [] }
        return workshop.draft
    }

    /// The columns that an INSERT must name: NOT NULL, and filled by nothing else.
    ///
    /// A view's columns are judged by those of the same name in the tables beneath it.
    func requiredColumns(of relation: Relation) -> [Column] {
        let columns = snapshot.columns[relation.oid] ?? []
        guard relation.kind == .view else { return columns.filter(isRequired) }
        var names: Set<String> = []
        var pending = snapshot.reach.viewBases[relation.oid] ?? []
        var visited = Set(pending)
        while let base = pending.popLast() {
            names.formUnion((snapshot.columns[base] ?? []).filter(isRequired).map(\.name))
            for next in snapshot.reach.viewBases[base] ?? [] where visited.insert(next).inserted {
                pending.append(next)
            }
        }
        return columns.filter { names.contains($0.name) && !$0.hasDefault }
    }

    private func isRequired(_ column: Column) -> Bool {
        (column.isNotNull || snapshot.domainsRefuseNull(column.type)) && !column.hasDefault
            && !column.isIdentity && !column.isGenerated
            && snapshot.types[column.type]?.hasDefault != true
    }
}

/// A draft while it is being made.
private struct Workshop {
    let synthesizer: RowSynthesizer
    let knowledge: RowKnowledge
    var draft: RowDraft
    /// The rows of the scaffold that are done, by relation, to be shared by all that refer to them.
    private var made: [OID: [Int: RowValue]] = [:]
    /// The keys of rows that are being made, for cycles.
    private var planned: [OID: [Int: RowValue]] = [:]
    private var counter = 0

    init(synthesizer: RowSynthesizer, knowledge: RowKnowledge, row: RowDraft.Row) {
        self.synthesizer = synthesizer
        self.knowledge = knowledge
        draft = RowDraft(row: row)
        draft.needsReplicaMode = knowledge.usesReplicaMode
    }

    private var snapshot: Snapshot { synthesizer.snapshot }

    private mutating func nextFresh() -> Int {
        counter += 1
        return (synthesizer.salt * 64 + knowledge.round) * 512 + counter
    }

    mutating func fillTriedRow() {
        let relation = draft.row.relation
        let columns = snapshot.columns[relation.oid] ?? []
        let required = Set(synthesizer.requiredColumns(of: relation).map(\.number))
        let declared = synthesizer.declaredValues(of: relation)
        var values = knowledge.values.merging(declared) { _, declared in declared }
        let named = required.union(knowledge.forced).union(values.keys)
        bindKeys(of: relation, named: named, values: &values, isScaffold: false)
        let unique = uniqueColumns(of: relation)
        for column in columns where named.contains(column.number) && values[column.number] == nil {
            values[column.number] = value(for: column, isFresh: unique.contains(column.number))
        }
        draft.row.values = values
    }

    /// Gives every key that the row cannot leave empty a parent's values.
    private mutating func bindKeys(
        of relation: Relation,
        named: Set<Int>,
        values: inout [Int: RowValue],
        isScaffold: Bool
    ) {
        let keys = (snapshot.constraints[relation.oid] ?? [])
            .filter { key in
                guard key.kind == .foreignKey else { return false }
                return key.isMatchFull
                    ? key.columns.contains(where: named.contains)
                    : key.columns.contains(where: named.contains)
                        && key.columns.allSatisfy { isFilled($0, of: relation, named) }
            }
            .sorted { ($1.columns.count, $0.oid) < ($0.columns.count, $1.oid) }
        let lonely = keysThatMustDiffer(in: relation, among: keys)
        for key in keys {
            let isBound = key.columns.allSatisfy { values[$0] != nil }
            if isBound, !knowledge.scaffoldedKeys.contains(key.oid) { continue }
            let parentKey = ParentKey(
                relation: key.referencedRelation,
                columns: key.referencedColumns
            )
            var fixed: [Int: RowValue] = [:]
            for (child, parent) in zip(key.columns, key.referencedColumns) {
                fixed[parent] = values[child]
            }
            let mustScaffold =
                !isScaffold && knowledge.scaffoldedKeys.contains(key.oid)
                || lonely.contains(key.oid)
            if fixed.isEmpty, !mustScaffold, let existing = synthesizer.parents.values[parentKey] {
                for (child, text) in zip(key.columns, existing) {
                    values[child] = RowValue(.literal(text), from: .existingParent)
                }
                continue
            }
            guard let parent = snapshot.relations[key.referencedRelation] else { continue }
            let parentValues = scaffold(parent, fixed: fixed, key: key)
            for (child, column) in zip(key.columns, key.referencedColumns) {
                guard values[child] == nil, let value = parentValues[column] else { continue }
                values[child] = RowValue(value.content, from: .scaffold)
            }
        }
    }

    private func isFilled(_ number: Int, of relation: Relation, _ named: Set<Int>) -> Bool {
        guard !named.contains(number) else { return true }
        guard let column = snapshot.column(number, of: relation.oid) else { return false }
        return column.hasDefault && !column.isGenerated
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
        key: Constraint
    ) -> [Int: RowValue] {
        if let keys = planned[relation.oid] {
            // A cycle: the row that is being made is its own ancestor.
            if key.relation != relation.oid {
                if key.isDeferrable {
                    draft.defersConstraints = true
                } else {
                    draft.needsReplicaMode = true
                }
            }
            return keys
        }
        if fixed.isEmpty, let values = made[relation.oid] { return values }
        guard draft.scaffold.count < 200 else { return [:] }
        let columns = snapshot.columns[relation.oid] ?? []
        let required = Set(synthesizer.requiredColumns(of: relation).map(\.number))
        let drawn = Set(columns.filter { drawsFromSequence($0) }.map(\.number))
        let generated = Set(columns.filter(\.isGenerated).map(\.number))
        let referenced = Set(key.referencedColumns)
        let declared = synthesizer.declaredValues(of: relation)
        let named = required.union(drawn).union(referenced).union(fixed.keys).union(declared.keys)
            .subtracting(generated)
        let unique = uniqueColumns(of: relation).union(referenced)
        let boundByKeys = Set(snapshot.requiredForeignKeys(of: relation.oid).flatMap(\.columns))
        var values = fixed.merging(declared) { own, _ in own }
            .merging(knowledge.parentValues[relation.oid] ?? [:]) { own, _ in own }
        for column in columns
        where named.contains(column.number) && values[column.number] == nil
            && !boundByKeys.contains(column.number)
        {
            values[column.number] = value(for: column, isFresh: unique.contains(column.number))
        }
        planned[relation.oid] = values
        bindKeys(of: relation, named: named, values: &values, isScaffold: true)
        planned[relation.oid] = nil
        for column in columns where named.contains(column.number) && values[column.number] == nil {
            values[column.number] = value(for: column, isFresh: unique.contains(column.number))
        }
        draft.scaffold.append(RowDraft.Row(relation, in: snapshot, values: values))
        if fixed.isEmpty { made[relation.oid] = values }
        return values
    }

    private func drawsFromSequence(_ column: Column) -> Bool {
        let place = Reach.Place(relation: column.relation, column: column.number)
        return column.isIdentity || snapshot.reach.defaultSequences[place] != nil
    }

    private func uniqueColumns(of relation: Relation) -> Set<Int> {
        var relations = [relation.oid]
        if relation.kind == .view { relations += snapshot.reach.viewBases[relation.oid] ?? [] }
        var unique: Set<Int> = []
        for table in relations {
            let numbers = Set((snapshot.uniqueIndexes[table] ?? []).flatMap(\.columns))
            if table == relation.oid {
                unique.formUnion(numbers)
            } else {
                let names = Set(numbers.compactMap { snapshot.column($0, of: table)?.name })
                let own = snapshot.columns[relation.oid] ?? []
                unique.formUnion(own.filter { names.contains($0.name) }.map(\.number))
            }
        }
        return unique
    }

    private mutating func value(for column: Column, isFresh: Bool) -> RowValue {
        let sample = TypeSample(snapshot: snapshot)
        let fresh = isFresh ? nextFresh() : nil
        let column = isFresh ? synthesizer.narrowest(column) : column
        guard
            let content = sample.value(
                of: column.type,
                modifier: column.typeModifier,
                fresh: fresh
            )
        else { return RowValue(.null, from: .unknownType) }
        return RowValue(content, from: isFresh ? .fresh : .sample)
    }
}
