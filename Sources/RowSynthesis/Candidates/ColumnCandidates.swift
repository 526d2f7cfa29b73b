package import Catalog

/// Puts the candidates for one column together from all sources, the best first.
struct ColumnCandidates {
    let synthesizer: RowSynthesizer
    let relation: Relation
    /// The columns that an INSERT cannot leave out.
    let required: Set<Int>
    /// Whether the row is the tried one, whose sequences must be left alone.
    let isTried: Bool

    var snapshot: Snapshot { synthesizer.snapshot }

    /// Lists what the column might be, given the conditions on it.
    ///
    /// `current` is the value that it has in the row that was refused, `fresh` a number for values
    /// that nobody has; `parents` are keys of rows that it may refer to.
    func list(
        for column: Column,
        under conditions: [Condition],
        current: RowValue?,
        fresh: Int,
        parents: [String] = [],
        isThorough: Bool = false
    ) -> CandidateList {
        if let declared = synthesizer.declared[relation.oid]?[column.number] {
            return fixed(column, declared)
        }
        if isTried, synthesizer.drawsFromSequence(column) {
            return CandidateList(column, [Candidate(content: .unnamed, source: .sequence)])
        }
        guard let type = snapshot.baseType(of: column) else {
            return CandidateList(column, current.map { [Self.candidate($0)] } ?? [])
        }
        if let current, current.isDrawn, !isTried {
            // What the tried row has drawn is a number that nobody has.
            let number = type.name == "int2" ? "30000" : "2000000000"
            return CandidateList(column, [Candidate(content: .literal(number), source: .sequence)])
        }
        let own = conditions.filter { $0.columns.contains(column.number) }
        let unnamed = Candidate(content: .unnamed, source: .columnDefault)
        let mayBeUnnamed = !required.contains(column.number)
        var list = CandidateList(column)
        if let current { list.add(Self.candidate(current)) }
        if mayBeUnnamed { list.add(unnamed) }
        list.add(parents.map { Candidate(content: .literal($0), source: .existingParent) })
        if let closed = own.lazy
            .compactMap({ ConstantCandidates.closedList(of: $0, for: column, type) }).first
        {
            list.add(
                closed.map {
                    Candidate(
                        content: .literal($0),
                        source: .constant,
                        isSafe: type.category == "S"
                    )
                }
            )
            list.keep {
                $0.content == .unnamed || $0.content == .null || closed.contains($0.text ?? "")
            }
            // Another collation, or type, may take for equal what is not the same.
            list.isComplete =
                column.collation == nil && (type.isBuiltIn || type.form == .enumeration)
        } else if let range = IntegerRange(of: column, type: type, under: own) {
            list.add(
                range.values.map { Candidate(content: .literal(String($0)), source: .constant) }
            )
            list.keep { candidate in
                candidate.content == .unnamed || candidate.content == .null
                    || candidate.text.flatMap { Int($0) }.map(range.values.contains) ?? false
            }
            list.isComplete = true
        } else {
            fill(&list, type, own, fresh, isThorough)
        }
        if !column.isNotNull, !snapshot.domainsRefuseNull(column.type) {
            list.add(Candidate(content: .null, source: .null))
        }
        return list
    }

    private func fixed(_ column: Column, _ value: RowValue) -> CandidateList {
        var list = CandidateList(column, [Self.candidate(value)])
        list.isComplete = true
        return list
    }

    private func fill(
        _ list: inout CandidateList,
        _ type: DataType,
        _ own: [Condition],
        _ fresh: Int,
        _ isThorough: Bool
    ) {
        let column = list.column
        let hints = own.flatMap(\.hints)
        let columns = snapshot.columns[relation.oid] ?? []
        let related = RelatedCandidates(
            snapshot: snapshot,
            columns: columns,
            column: column,
            type: type
        )
        let sample = TypeSample(snapshot: snapshot)
        let modifier = snapshot.baseModifier(of: column)
        // Of a key the constants that are named are seldom meant for a new row.
        if synthesizer.uniqueColumns(of: relation).contains(column.number),
            let content = sample.value(of: type.oid, modifier: modifier, fresh: fresh)
        {
            list.add(Self.candidate(RowValue(content, from: .fresh)))
        }
        list.add(related.candidates(from: own))
        list.add(PatternCandidates(type: type, count: isThorough ? 40 : 6).candidates(from: hints))
        list.add(ConstantCandidates(snapshot: snapshot, type: type).candidates(from: hints))
        list.add(ArrayCandidates(snapshot: snapshot, type: type).candidates(from: hints))
        let json = JSONCandidates(snapshot: snapshot, type: type)
        list.add([json.document(for: column, of: relation, under: own)].compactMap(\.self))
        list.add(json.candidates(from: hints))
        let composites = CompositeCandidates(
            columns: self,
            column: column,
            type: type
        )
        list.add(composites.candidates(from: own, fresh))
        list.add(LengthCandidates(snapshot: snapshot, type: type).candidates(from: hints))
        for number in [nil, fresh, fresh + 1] {
            guard let content = sample.value(of: type.oid, modifier: modifier, fresh: number) else {
                continue
            }
            let source: ValueSource = number == nil ? .sample : .fresh
            list.add(Self.candidate(RowValue(content, from: source)))
        }
        let kinds = TypeCandidates(snapshot: snapshot, type: type, modifier: modifier)
        list.add(kinds.candidates)
        list.isComplete = kinds.isComplete
    }

    /// What a field of a composite value may be, as SQL, the best first.
    func values(of field: Column, from hints: [Harvest], _ fresh: Int) -> [String] {
        guard let type = snapshot.baseType(of: field) else { return ["NULL"] }
        var list = CandidateList(field)
        // A domain refuses with an error what does not suit it.
        let own = snapshot.types[field.type].flatMap(DomainSample(snapshot: snapshot).text)
        if let own {
            list.add(Candidate(content: .literal(own), source: .constant))
        } else {
            list.add(PatternCandidates(type: type).candidates(from: hints))
            let constants = ConstantCandidates(snapshot: snapshot, type: type)
            list.add(constants.candidates(from: hints))
            list.add(LengthCandidates(snapshot: snapshot, type: type).candidates(from: hints))
            list.keep(\.isSafe)
            let modifier = snapshot.baseModifier(of: field)
            let sample = TypeSample(snapshot: snapshot)
            if let content = sample.value(of: type.oid, modifier: modifier, fresh: nil) {
                list.add(Self.candidate(RowValue(content, from: .sample)))
            }
            list.add(TypeCandidates(snapshot: snapshot, type: type, modifier: modifier).candidates)
        }
        let name = snapshot.baseTypeName(of: field)
        let values = list.candidates.prefix(40).map { candidate in
            switch candidate.content {
            case .literal(let text): "\(SQLText.literal(text))::\(name)"
            case .expression(let text, _): "(\(text))::\(name)"
            case .null, .unnamed: "NULL::\(name)"
            }
        }
        return values.isEmpty ? ["NULL::\(name)"] : values
    }

    /// The candidate that a value is.
    static func candidate(_ value: RowValue) -> Candidate {
        switch value.content {
        case .literal(let text): Candidate(content: .literal(text), source: value.source)
        case .expression(let text):
            Candidate(content: .expression(text, inputs: []), source: value.source)
        // The column keeps it, whatever is chosen.
        case .drawn: Candidate(content: .unnamed, source: value.source)
        case .null: Candidate(content: .null, source: value.source)
        }
    }
}

extension Candidate {
    var text: String? { if case .literal(let text) = content { text } else { nil } }
}

/// The few whole numbers that two constants leave to a column.
struct IntegerRange {
    let values: ClosedRange<Int>

    init?(of column: Column, type: DataType, under conditions: [Condition]) {
        guard ["int2", "int4", "int8"].contains(type.name) else { return nil }
        var low: Int?
        var high: Int?
        for condition in conditions where condition.columns == [column.number] {
            for comparison in [" >= ", " > ", " <= ", " < "] {
                let sides = DeparsedText.split(condition.text, at: comparison)
                guard sides.count == 2, DeparsedText.unwrapped(sides[0]) == column.name,
                    let bound = Self.number(sides[1])
                else { continue }
                switch comparison {
                case " >= ": low = max(low ?? bound, bound)
                case " > ": low = max(low ?? bound + 1, bound + 1)
                case " <= ": high = min(high ?? bound, bound)
                default: high = min(high ?? bound - 1, bound - 1)
                }
            }
        }
        guard let low, let high, low <= high, high - low < 1_000 else { return nil }
        values = low...high
    }

    private static func number(_ text: String) -> Int? {
        let harvest = Harvest(DeparsedText.unwrapped(text))
        guard harvest.constants.count == 1, harvest.names.subtracting(["-", "(", ")"]).isEmpty
        else {
            return nil
        }
        return Int(harvest.constants[0].text)
    }
}

extension Snapshot {
    /// The type beneath a column's domains.
    func baseType(of column: Column) -> DataType? { baseType(of: column.type) }

    /// The type beneath a type's domains.
    func baseType(of type: OID) -> DataType? {
        var type = types[type]
        while let domain = type, case .domain(let base, _) = domain.form { type = types[base] }
        return type
    }

    /// Whether the column's values can surely be compared with a literal.
    package func isComparable(_ column: Column) -> Bool {
        ["S", "N", "D", "B", "E"].contains(baseType(of: column)?.category ?? "")
    }

    /// The modifier of the type beneath a column's domains.
    func baseModifier(of column: Column) -> Int {
        var modifier = column.typeModifier
        var type = types[column.type]
        while let domain = type, case .domain(let base, let own) = domain.form {
            modifier = own
            type = types[base]
        }
        return modifier
    }

    /// The SQL name of the type beneath a column's domains, so that a cast checks none of them.
    func baseTypeName(of column: Column) -> String {
        var name = column.typeName
        var type = types[column.type]
        while let domain = type, case .domain(let base, _) = domain.form {
            name = domain.baseName
            type = types[base]
        }
        return name
    }
}
