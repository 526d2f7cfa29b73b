internal import Catalog

/// Something that a row must satisfy, as SQL over the relation's own column names.
struct Condition: Sendable, Hashable {
    /// The SQL of one operand; NULL counts as satisfied.
    let text: String
    let columns: Set<Int>
    /// The constraint's name; empty for what bears none.
    let name: String
    /// What the text, and the functions that it calls, say about values.
    let hints: [Harvest]
    /// Whether it looks at the row as a whole.
    let readsWholeRow: Bool
    /// Whether NULL does not do: policies and the conditions of views.
    var mustBeTrue = false

    static func == (one: Condition, other: Condition) -> Bool {
        one.text == other.text && one.columns == other.columns
    }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The conditions on the rows of one relation.
struct Conditions: Sendable {
    let snapshot: Snapshot
    let relation: Relation
    private let columns: [Column]

    init(of relation: Relation, in snapshot: Snapshot) {
        self.snapshot = snapshot
        self.relation = relation
        columns = snapshot.columns[relation.oid] ?? []
    }

    /// Those of the table's checks and of the domains of its columns.
    var all: [Condition] {
        var all: [Condition] = []
        for check in snapshot.constraints[relation.oid] ?? [] where check.kind == .check {
            guard check.isEnforced, let expression = check.expression else { continue }
            all += conditions(in: expression, named: check.name, calling: checkRoutines)
        }
        return all + columns.flatMap(domainConditions)
    }

    /// Those that concern one column, which are cheap to find.
    func conditions(on column: Column) -> [Condition] {
        var found = domainConditions(of: column)
        for check in snapshot.constraints[relation.oid] ?? []
        where check.kind == .check && check.isEnforced && check.columns.contains(column.number) {
            guard let expression = check.expression else { continue }
            found += conditions(in: expression, named: check.name, calling: checkRoutines)
                .filter { $0.columns.contains(column.number) }
        }
        return found
    }

    private var checkRoutines: [Routine] {
        (snapshot.reach.checkRoutines[relation.oid] ?? []).compactMap { snapshot.routines[$0] }
    }

    /// Takes a condition apart into those that must all hold.
    func conditions(
        in expression: String,
        named name: String,
        calling routines: [Routine] = [],
        mustBeTrue: Bool = false
    ) -> [Condition] {
        DeparsedText.conjuncts(of: expression).map { part in
            condition(part, named: name, calling: routines, mustBeTrue: mustBeTrue)
        }
    }

    private func condition(
        _ text: String,
        named name: String,
        calling routines: [Routine],
        mustBeTrue: Bool
    ) -> Condition {
        let harvest = Harvest(text)
        let names = harvest.names
        var used = Set(columns.filter { names.contains($0.name) }.map(\.number))
        // A generated column stands for what it is made of.
        for column in columns where column.isGenerated && used.contains(column.number) {
            used.formUnion(inputs(of: column))
        }
        let isWhole = names.contains("*") && text.contains(".*")
        if isWhole { used.formUnion(columns.map(\.number)) }
        let called = routines.filter { names.contains($0.name) }
        return Condition(
            text: text,
            columns: used,
            name: name,
            hints: [harvest] + called.map { Harvest($0.source) },
            readsWholeRow: isWhole,
            mustBeTrue: mustBeTrue
        )
    }

    /// The columns that a generated one is computed from.
    func inputs(of column: Column) -> Set<Int> {
        guard let expression = column.defaultExpression else { return [] }
        let names = Harvest(expression).names
        return Set(columns.filter { names.contains($0.name) }.map(\.number))
    }

    /// The checks of a column's domain and of the domains beneath it, with the column in place of
    /// VALUE.
    private func domainConditions(of column: Column) -> [Condition] {
        var conditions: [Condition] = []
        var type = snapshot.types[column.type]
        while let domain = type, case .domain(let base, _) = domain.form {
            let routines = (snapshot.reach.domainRoutines[domain.oid] ?? [])
                .compactMap { snapshot.routines[$0] }
            for check in snapshot.constraints[domain.oid] ?? [] where check.kind == .check {
                guard let expression = check.expression else { continue }
                for part in DeparsedText.conjuncts(of: expression) {
                    let harvest = Harvest(part)
                    let called = routines.filter { harvest.names.contains($0.name) }
                    conditions.append(
                        Condition(
                            text: Self.replacingValue(in: part, by: column.name),
                            columns: [column.number],
                            name: check.name,
                            hints: [harvest] + called.map { Harvest($0.source) },
                            readsWholeRow: false
                        )
                    )
                }
            }
            type = snapshot.types[base]
        }
        return conditions
    }

    /// The server writes VALUE in capitals, which no unquoted name has.
    static func replacingValue(in text: String, by column: String) -> String {
        let name = SQLText.identifier(column).unicodeScalars
        func isPart(_ scalar: Unicode.Scalar?) -> Bool {
            scalar.map {
                $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil
            }
                ?? false
        }
        let value = Array("VALUE".unicodeScalars)
        var result = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        var quote: Unicode.Scalar?
        while let first = rest.first {
            if let open = quote {
                if first == open { quote = nil }
            } else if first == "'" || first == "\"" {
                quote = first
            } else if rest.starts(with: value), !isPart(result.last),
                !isPart(rest.dropFirst(value.count).first)
            {
                result.append(contentsOf: name)
                rest.removeFirst(value.count)
                continue
            }
            result.append(first)
            rest.removeFirst()
        }
        return String(result)
    }
}
