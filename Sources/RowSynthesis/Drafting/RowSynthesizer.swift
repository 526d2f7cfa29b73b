package import Catalog
internal import Trials

/// Puts a row together from what the catalog says, without asking the server anything.
///
/// The first row is a guess; the trial is its judge, and what its error teaches comes back as
/// `RowKnowledge`.
package struct RowSynthesizer: Sendable {
    package let snapshot: Snapshot
    package let parents: ExistingParents
    /// Values that the user wrote down, by relation and column; they win over everything.
    package private(set) var declared: [OID: [Int: RowValue]]
    /// Differs between connections, so that no two of them make the same unique key.
    package let salt: Int
    /// For the columns that others refer to, the smallest column that does.
    private let narrowest: [Reach.Place: Column]

    package init(
        _ snapshot: Snapshot,
        parents: ExistingParents,
        declared: [OID: [Int: RowValue]] = [:],
        salt: Int
    ) {
        self.snapshot = snapshot
        self.parents = parents
        self.declared = declared
        self.salt = salt
        narrowest = snapshot.narrowestReferences()
    }

    /// Takes what the user wrote down for a view as said of the table beneath it.
    func declaring(for view: Relation, through base: RowKnowledge.ViewBase?) -> RowSynthesizer {
        guard let base, let own = declared[view.oid] else { return self }
        var synthesizer = self
        for (number, column) in base.columns {
            guard let value = own[column] else { continue }
            synthesizer.declared[base.table, default: [:]][number] = value
        }
        return synthesizer
    }

    /// Makes a row for a relation, with the scaffold that it needs.
    package func draft(for relation: Relation, knowing knowledge: RowKnowledge) -> RowDraft {
        let base = knowledge.base.flatMap { snapshot.relations[$0.table] }
        var knowledge = knowledge
        if let columns = knowledge.base?.columns, base != nil {
            let beneath = columns.filter { knowledge.namedKey.contains($0.value) }
            knowledge.namedKey = Set(beneath.keys)
        }
        var workshop = Workshop(synthesizer: self, knowledge: knowledge, relation: base ?? relation)
        workshop.fillTriedRow()
        if let columns = knowledge.base?.columns, base != nil {
            let row = workshop.draft.row
            var values = declared[relation.oid] ?? [:]
            for (number, value) in row.values {
                guard let own = columns[number], values[own] == nil else { continue }
                values[own] = value
            }
            workshop.draft.baseRow = row
            workshop.draft.row = RowDraft.Row(relation, in: snapshot, values: values)
        }
        workshop.draft.row.spared = knowledge.spared
        workshop.draft.row.raised = knowledge.raised
        workshop.draft.cleared = knowledge.cleared
        workshop.draft.vacancy = knowledge.vacancy
        workshop.draft.ignoresConflicts = knowledge.ignoresConflicts
        if knowledge.goesWithoutScaffold {
            workshop.draft.scaffold = []
            workshop.draft.rings = []
            workshop.draft.following = []
        }
        return workshop.draft
    }

    /// The column whose type a new value of a referenced column must fit in.
    func narrowest(_ column: Column) -> Column {
        narrowest[Reach.Place(relation: column.relation, column: column.number)] ?? column
    }

    /// Whether the column is filled from a sequence if an INSERT leaves it out.
    func drawsFromSequence(_ column: Column) -> Bool {
        let place = Reach.Place(relation: column.relation, column: column.number)
        return column.isIdentity || snapshot.reach.defaultSequences[place] != nil
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
        return columns.filter { names.contains($0.name) && !$0.hasDefault && $0.isWritable }
    }

    private func isRequired(_ column: Column) -> Bool {
        (column.isNotNull || snapshot.domainsRefuseNull(column.type)) && !column.hasDefault
            && !column.isIdentity && !column.isComputed
            && snapshot.types[column.type]?.hasDefault != true
    }

    /// The columns of which no two rows may have the same value, alone or together with others.
    func uniqueColumns(of relation: Relation) -> Set<Int> {
        var unique = indexedColumns(of: relation.oid)
        guard relation.kind == .view else { return unique }
        let own = snapshot.columns[relation.oid] ?? []
        for table in snapshot.reach.viewBases[relation.oid] ?? [] {
            let names = Set(
                indexedColumns(of: table).compactMap { snapshot.column($0, of: table)?.name }
            )
            unique.formUnion(own.filter { names.contains($0.name) }.map(\.number))
        }
        return unique
    }

    private func indexedColumns(of table: OID) -> Set<Int> {
        var numbers: Set<Int> = []
        for index in snapshot.uniqueIndexes[table] ?? [] {
            numbers.formUnion(index.columns)
            let names = index.expressions.reduce(into: Set<String>()) {
                $0.formUnion(Harvest($1).names)
            }
            guard !names.isEmpty else { continue }
            for column in snapshot.columns[table] ?? [] where names.contains(column.name) {
                numbers.insert(column.number)
            }
        }
        return numbers
    }

    /// The value to begin with: what the column's own constraints name outright, else a sample.
    func guess(for column: Column, of relation: Relation, fresh: Int?) -> RowValue {
        if let constrained = constrainedGuess(for: column, of: relation, fresh: fresh) {
            return constrained
        }
        let sample = TypeSample(snapshot: snapshot)
        let typed = fresh == nil ? column : narrowest(column)
        let content = sample.value(of: typed.type, modifier: typed.typeModifier, fresh: fresh)
        guard let content else { return RowValue(.null, from: .unknownType) }
        return RowValue(content, from: fresh == nil ? .sample : .fresh)
    }

    private func constrainedGuess(
        for column: Column,
        of relation: Relation,
        fresh: Int?
    ) -> RowValue? {
        let own = Conditions(of: relation, in: snapshot).conditions(on: column)
            .filter { $0.columns == [column.number] }
        guard !own.isEmpty, let type = snapshot.baseType(of: column) else { return nil }
        if let closed = own.lazy
            .compactMap({ ConstantCandidates.closedList(of: $0, for: column, type) }).first
        {
            return RowValue(.literal(closed[(fresh ?? 0) % closed.count]), from: .constant)
        }
        let hints = own.flatMap(\.hints)
        let patterns = PatternCandidates(type: type).candidates(from: hints)
        if let pattern = patterns.first(where: { $0.text != "" }),
            case .literal(let text) = pattern.content
        {
            return RowValue(.literal(text), from: .pattern)
        }
        guard
            let length = LengthCandidates(snapshot: snapshot, type: type).candidates(from: hints)
                .first, case .literal(let text) = length.content,
            own.contains(where: { $0.text.holds(" = ") })
        else { return nil }
        return RowValue(.literal(text), from: .length)
    }
}
