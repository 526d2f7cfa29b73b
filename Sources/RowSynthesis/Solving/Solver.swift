internal import Catalog
internal import Postgres
internal import Trials

/// Finds values for columns that must fit together, by asking the server.
struct Solver {
    enum Solution {
        /// What each column becomes; `nil` for one that is not to be named.
        case found([Int: RowValue?])
        /// The server went through all that can ever be, and no row does.
        case impossible
        case unknown
    }

    let lookup: Lookup
    let synthesizer: RowSynthesizer
    let row: RowDraft.Row
    /// Whether the row is the one under trial.
    let isTried: Bool
    let fresh: Int
    /// Milliseconds that one query may take.
    let patience: Int
    var roleLines: [String] = []
    /// A row that counts as gone.
    var vacancy: ExistingRow?

    private var relation: Relation { row.relation }
    private var snapshot: Snapshot { lookup.snapshot }

    /// Chooses the columns of a component.
    ///
    /// - Throws: `connectionLost`.
    func solve(
        _ component: Component,
        apartBy indexes: [UniqueIndex],
        referringBy keys: [Constraint]
    ) throws(PostgresError) -> Solution {
        // A condition over several columns that is only NULL is kept, but seldom what is meant, and
        // code that looks at the row may know better: one that is true is looked for first.
        let strict = component.conditions.map { condition in
            var condition = condition
            condition.mustBeTrue = condition.mustBeTrue || condition.columns.count > 1
            return condition
        }
        var passes = [(component.conditions, false, false), (component.conditions, false, true)]
        if strict.contains(where: \.mustBeTrue) { passes.insert((strict, true, false), at: 0) }
        for (conditions, isStrict, isThorough) in passes {
            let query = try SolverQuery(
                lookup,
                about: relation,
                choosing: try lists(for: component, keys, isThorough),
                under: conditions,
                apartBy: indexes,
                referringBy: keys,
                without: vacancy
            )
            switch try ask(query) {
            case .found(let values): return .found(values)
            case .impossible where keys.isEmpty && !isStrict: return .impossible
            default: continue
            }
        }
        // A series of parents that are not there is of no use.
        return keys.isEmpty ? try solveBySeries(component, apartBy: indexes) : .unknown
    }

    /// Asks plainly; after an error with the candidates' texts tested and the conditions guarded.
    private func ask(_ query: SolverQuery) throws(PostgresError) -> Solution {
        switch try answer(to: question(try query.sql(isGuarded: false))) {
        case .rows(let rows): return solution(rows.first, of: query)
        case .refused(let error) where error.sqlState == .queryCanceled: return .unknown
        case .unasked: return .unknown
        case .refused: break
        }
        // Texts fail more often than what is computed from them.
        let readable = try tested(query)
        let safe = try readable.keeping { $1.text != nil || $1.isSafe }
        for narrowed in [readable, safe] where narrowed.lists != query.lists {
            let question = question(try narrowed.sql(isGuarded: false))
            if case .rows(let rows) = try answer(to: question) {
                return solution(rows.first, of: narrowed)
            }
        }
        var guarded = question(try safe.sql(isGuarded: true))
        guarded.preparations = try safe.guards()
        guard case .rows(let rows) = try answer(to: guarded) else { return .unknown }
        return solution(rows.first, of: safe)
    }

    /// Asks as the table's owner first, since code of the database's runs in the conditions.
    private func answer(to question: Lookup.Question) throws(PostgresError) -> Lookup.Answer {
        var readers = [lookup.reader(relation)].filter { $0 != .nobody }
        let user = snapshot.rolesByName[snapshot.server.user]
        if user?.isSuperuser ?? false, snapshot.roles[relation.owner]?.isSuperuser == false {
            readers.insert(.role(snapshot.roleName(relation.owner)), at: 0)
        }
        if readers.isEmpty { readers = [.connectingRole] }
        var answer = Lookup.Answer.rows([])
        for reader in readers {
            var question = question
            question.reader = reader
            answer = try lookup.answer(to: question)
            guard case .refused(let error) = answer, error.sqlState == .insufficientPrivilege else {
                break
            }
        }
        return answer
    }

    private func question(_ query: String) -> Lookup.Question {
        Lookup.Question(
            query: query,
            reader: .connectingRole,
            roleLines: roleLines,
            schema: relation.schema,
            milliseconds: patience
        )
    }

    private func solution(_ row: [String?]?, of query: SolverQuery) -> Solution {
        guard let row else { return query.isExhaustive ? .impossible : .unknown }
        var values: [Int: RowValue?] = [:]
        for (index, list) in query.lists.enumerated() {
            guard let place = row[index * 2].flatMap({ Int($0) }),
                list.candidates.indices.contains(place)
            else { return .unknown }
            let candidate = list.candidates[place]
            let text = row[index * 2 + 1]
            values[list.column.number] =
                switch candidate.content {
                case .unnamed: RowValue?.none
                // What was read back: a cast may have cut it.
                default:
                    RowValue(text.map { .literal($0) } ?? .null, from: candidate.source)
                }
        }
        return .found(values)
    }

    private func lists(
        for component: Component,
        _ keys: [Constraint],
        _ isThorough: Bool
    ) throws(PostgresError) -> [CandidateList] {
        let columns = ColumnCandidates(
            synthesizer: synthesizer,
            relation: relation,
            required: Set(synthesizer.requiredColumns(of: relation).map(\.number)),
            isTried: isTried
        )
        let parents = try parentValues(for: component)
        return (snapshot.columns[relation.oid] ?? [])
            .filter { component.columns.contains($0.number) && !$0.isComputed }
            .map { column in
                columns.list(
                    for: column,
                    under: component.conditions,
                    current: row.values[column.number],
                    fresh: fresh + column.number * 2,
                    parents: parents[column.number] ?? [],
                    isThorough: isThorough
                )
            }
    }

    /// Some keys of parents that are there, for the columns that refer to them.
    private func parentValues(for component: Component) throws(PostgresError) -> [Int: [String]] {
        var values: [Int: [String]] = [:]
        for key in snapshot.constraints[relation.oid] ?? [] where key.kind == .foreignKey {
            guard component.columns.isSuperset(of: key.columns) else { continue }
            let parent = ParentKey(relation: key.referencedRelation, columns: key.referencedColumns)
            for tuple in try lookup.tuples(of: parent, limit: 12) {
                for (column, text) in zip(key.columns, tuple)
                where !(values[column] ?? []).contains(text) {
                    values[column, default: []].append(text)
                }
            }
        }
        return values
    }

    /// Leaves those texts that their types read.
    private func tested(_ query: SolverQuery) throws(PostgresError) -> SolverQuery {
        let questionable = query.lists.flatMap { list in
            list.candidates.filter { !$0.isSafe && $0.text != nil }.map {
                (list.column, $0.text ?? "")
            }
        }
        var bad: Set<String> = []
        if snapshot.server.version >= 160_000, !questionable.isEmpty {
            var rows: [String] = []
            for (column, text) in questionable {
                let literal = try lookup.connection.quoted(literal: text)
                let type = try lookup.connection.quoted(literal: snapshot.baseTypeName(of: column))
                rows.append("pg_catalog.pg_input_is_valid(\(literal), \(type))")
            }
            let answer = try lookup.answer(to: question("SELECT \(rows.joined(separator: ", "))"))
            if case .rows(let rows) = answer, let row = rows.first {
                for (index, (column, text)) in questionable.enumerated() where row[index] != "t" {
                    bad.insert("\(column.number) \(text)")
                }
            }
        } else {
            bad = Set(questionable.map { "\($0.0.number) \($0.1)" })
        }
        return try query.keeping { column, candidate in
            candidate.text.map { !bad.contains("\(column.number) \($0)") } ?? true
        }
    }

    /// Tries a dense series for one column after another: sums, remainders, weekdays, hashes.
    private func solveBySeries(
        _ component: Component,
        apartBy indexes: [UniqueIndex]
    ) throws(PostgresError) -> Solution {
        let lists = try lists(for: component, [], false)
        for (index, list) in lists.enumerated() where !list.isComplete {
            guard let type = snapshot.baseType(of: list.column), type.isBuiltIn else { continue }
            var others = lists
            others.remove(at: index)
            let greatest = Self.greatest(in: component, list.column)
            for series in Self.series(type.name, near: greatest) {
                var query = try SolverQuery(
                    lookup,
                    about: relation,
                    choosing: others,
                    under: component.conditions,
                    apartBy: indexes,
                    without: vacancy
                )
                query.addSeries(series, for: list.column)
                if case .found(let values) = try ask(query) { return .found(values) }
            }
        }
        return .unknown
    }

    /// The greatest whole number that conditions on a column name, if it is beyond a plain series.
    private static func greatest(in component: Component, _ column: Column) -> Int? {
        component.conditions.filter { $0.columns.contains(column.number) }
            .flatMap(\.hints).flatMap(\.constants).compactMap { Int($0.text) }
            .filter { $0 > 10_000 && $0 < Int(Int32.max) - 20_000 }.max()
    }

    private static func series(_ type: String, near number: Int?) -> [String] {
        let start = number.map { $0 - 100 } ?? -100
        let minutes = "pg_catalog.make_interval(mins => g)"
        let days = "'2000-01-01'::pg_catalog.date + g"
        let terms =
            switch type {
            case "int2", "int4", "int8", "numeric", "float8", "float4": ["g + \(start)"]
            case "date": [days]
            case "timestamp", "timestamptz":
                [days, "'2000-01-01'::pg_catalog.\(type) + \(minutes)"]
            case "time": ["'00:00'::pg_catalog.time + \(minutes)"]
            case "interval": [minutes]
            case "text", "varchar", "bpchar": ["'pgsmoke' || g"]
            case "uuid": ["pg_catalog.md5(g::text)"]
            default: []
            }
        let last = type == "time" ? 1_439 : 20_100
        return terms.map { "SELECT \($0) FROM pg_catalog.generate_series(0, \(last)) AS g" }
    }
}
