internal import Catalog
internal import Postgres
internal import Trials

/// Asks the server which of the candidates, put together, satisfy the conditions.
///
/// The constraints' own text, as the server deparsed it, is the WHERE clause.
struct SolverQuery {
    let lookup: Lookup
    let relation: Relation
    /// In the order in which the server goes through them.
    private(set) var lists: [CandidateList]
    let conditions: [Condition]
    /// The indexes whose rows must not be met again.
    let indexes: [UniqueIndex]
    /// The keys that must find a parent that is there.
    let keys: [Constraint]
    /// A row that is there and counts as gone.
    let vacancy: ExistingRow?
    /// A column that goes through a whole series besides.
    private var series: (column: Column, query: String)?
    private let alias: String
    private let columns: [Column]

    init(
        _ lookup: Lookup,
        about relation: Relation,
        choosing lists: [CandidateList],
        under conditions: [Condition],
        apartBy indexes: [UniqueIndex] = [],
        referringBy keys: [Constraint] = [],
        without vacancy: ExistingRow? = nil
    ) throws(PostgresError) {
        self.lookup = lookup
        self.relation = relation
        self.lists = Self.limited(Self.ordered(lists, under: conditions))
        self.conditions = conditions
        self.indexes = indexes
        self.keys = keys
        self.vacancy = vacancy
        alias = try lookup.connection.quoted(identifier: relation.name)
        columns = lookup.snapshot.columns[relation.oid] ?? []
    }

    /// Whether a row that is not found is not there: nothing was left out.
    var isExhaustive: Bool { lists.allSatisfy(\.isComplete) }

    /// Lets a column go through all rows of a query, in place of a list.
    mutating func addSeries(_ query: String, for column: Column) {
        series = (column, query)
        let candidate = Candidate(content: .literal(""), source: .series)
        lists.append(CandidateList(column, [candidate]))
    }

    /// The same question with fewer candidates.
    func keeping(
        _ isWanted: (Column, Candidate) -> Bool
    ) throws(PostgresError) -> SolverQuery {
        var query = self
        for index in lists.indices {
            let column = lists[index].column
            let count = lists[index].candidates.count
            query.lists[index].keep { isWanted(column, $0) }
            if query.lists[index].candidates.count < count { query.lists[index].isComplete = false }
        }
        return query
    }

    /// Puts a column after those that its candidates are made from, and drops what cannot be: of two
    /// that could be made from each other the one with conditions of its own comes first.
    private static func ordered(
        _ lists: [CandidateList],
        under conditions: [Condition]
    ) -> [CandidateList] {
        let bound = conditions.filter { $0.columns.count == 1 }.reduce(into: Set<Int>()) {
            $0.formUnion($1.columns)
        }
        var rest = lists
        var placed: Set<Int> = []
        var ordered: [CandidateList] = []
        while !rest.isEmpty {
            func unmet(_ list: CandidateList) -> (Int, Int) {
                (
                    list.candidates.filter { !$0.inputs.isSubset(of: placed) }.count,
                    bound.contains(list.column.number) ? 0 : 1
                )
            }
            let index = rest.indices.min { unmet(rest[$0]) < unmet(rest[$1]) } ?? 0
            var list = rest.remove(at: index)
            list.keep { $0.inputs.isSubset(of: placed) }
            placed.insert(list.column.number)
            ordered.append(list)
        }
        return ordered
    }

    /// Keeps the number of combinations within what the server can go through.
    private static func limited(_ lists: [CandidateList]) -> [CandidateList] {
        func product(_ limit: Int) -> Double {
            lists.reduce(1) {
                $0 * Double($1.isComplete ? $1.candidates.count : min(limit, $1.candidates.count))
            }
        }
        var limit = 60
        while limit > 3, product(limit) > 2e7 { limit -= 1 }
        return lists.map { list in
            var list = list
            list.limit(to: limit)
            return list
        }
    }

    /// The query, which gives for each list the candidate's place and its text.
    ///
    /// Guarded, each condition is asked through a function that takes an error for a no.
    func sql(isGuarded: Bool) throws(PostgresError) -> String {
        var outputs: [String] = []
        var sources: [String] = []
        var fields: [String] = []
        for (index, list) in lists.enumerated() {
            let name = try quoted(list.column)
            outputs.append("\"pgsmoke \(index)\", \(alias).\(name)::pg_catalog.text")
            fields.append("\"pgsmoke \(index)\"")
            fields.append(readsWholeRow ? "\(name) AS \"pgsmoke value \(index)\"" : name)
            if let series, series.column == list.column {
                let type = lookup.snapshot.baseTypeName(of: list.column)
                sources.append(
                    "LATERAL (SELECT 0, v::\(type) FROM (\(series.query)) AS s(v)) "
                        + "AS \"pgsmoke list \(index)\" (\"pgsmoke \(index)\", \(name))"
                )
                continue
            }
            var rows: [String] = []
            for (place, candidate) in list.candidates.enumerated() {
                rows.append("(\(place), \(try value(candidate, of: list.column)))")
            }
            sources.append(
                "LATERAL (VALUES \(rows.joined(separator: ", "))) AS \"pgsmoke list \(index)\" "
                    + "(\"pgsmoke \(index)\", \(name))"
            )
        }
        var wheres: [String] = []
        for (index, condition) in conditions.enumerated() {
            guard isGuarded else {
                wheres.append(
                    "(\(condition.text)) IS \(condition.mustBeTrue ? "TRUE" : "NOT FALSE")"
                )
                continue
            }
            var arguments: [String] = []
            for list in lists where condition.columns.contains(list.column.number) {
                arguments.append("\(alias).\(try quoted(list.column))")
            }
            wheres.append(
                "pg_temp.\"pgsmoke holds \(index)\"(\(arguments.joined(separator: ", ")))"
            )
        }
        for index in indexes { wheres.append(try isApart(by: index)) }
        for key in keys { if let text = try refers(by: key) { wheres.append(text) } }
        let row =
            "SELECT \(fields.joined(separator: ", ")) FROM \(sources.joined(separator: "\n CROSS JOIN "))"
        return """
            SELECT \(outputs.joined(separator: ", "))
              FROM \(readsWholeRow ? try wholeRow(of: row) : try complete(row, for: conditions))
            \(wheres.isEmpty ? "" : " WHERE \(wheres.joined(separator: "\n   AND "))") LIMIT 1
            """
    }

    /// The functions that a guarded query calls; they go with the transaction.
    func guards() throws(PostgresError) -> [String] {
        var functions: [String] = []
        for (index, condition) in conditions.enumerated() {
            let used = lists.filter { condition.columns.contains($0.column.number) }
            var fields: [String] = []
            for (place, list) in used.enumerated() {
                fields.append("$\(place + 1) AS \(try quoted(list.column))")
            }
            let types = used.map { lookup.snapshot.baseTypeName(of: $0.column) }
            let row = "SELECT \(fields.joined(separator: ", "))"
            let body = """
                BEGIN
                    RETURN (SELECT (\(condition.text)) IS \(condition.mustBeTrue ? "TRUE" : "NOT FALSE")
                              FROM \(condition.readsWholeRow
                        ? try composite(used.indices.map { "$\($0 + 1)" }, of: used)
                        : try complete(row, for: [condition])));
                EXCEPTION WHEN OTHERS THEN
                    RETURN false;
                END
                """
            functions.append(
                """
                CREATE FUNCTION pg_temp."pgsmoke holds \(index)"(\(types.joined(separator: ", ")))
                RETURNS pg_catalog.bool LANGUAGE plpgsql AS \(try lookup.connection.quoted(literal: body))
                """
            )
        }
        return functions
    }

    private func quoted(_ column: Column) throws(PostgresError) -> String {
        try lookup.connection.quoted(identifier: column.name)
    }

    private var readsWholeRow: Bool { conditions.contains(where: \.readsWholeRow) }

    /// The row under the table's name, with what its conditions look at beyond the columns that are
    /// chosen: generated ones, `tableoid`.
    private func complete(
        _ row: String,
        for conditions: [Condition]
    ) throws(PostgresError) -> String {
        let texts = indexes.flatMap { $0.expressions + [$0.predicate ?? ""] }
        let names = conditions.compactMap(\.hints.first).reduce(into: Set<String>()) {
            $0.formUnion($1.names)
        }.union(texts.flatMap { Harvest($0).names })
        let indexed = Set(indexes.flatMap(\.columns))
        var extra: [String] = []
        for column in columns where column.isGenerated {
            guard names.contains(column.name) || indexed.contains(column.number),
                let expression = column.defaultExpression
            else { continue }
            extra.append("(\(expression)) AS \(try quoted(column))")
        }
        if names.contains("tableoid") {
            extra.append("\(relation.oid)::pg_catalog.oid AS tableoid")
        }
        guard !extra.isEmpty else { return "(\(row)) AS \(alias)" }
        return "(SELECT \"pgsmoke row\".*, \(extra.joined(separator: ", "))"
            + " FROM (\(row)) AS \"pgsmoke row\") AS \(alias)"
    }

    /// The row with the table's own composite type, for conditions that call functions on it.
    private func wholeRow(of row: String) throws(PostgresError) -> String {
        let values = lists.indices.map { "\"pgsmoke value \($0)\"" }
        return "(\(row)) AS \"pgsmoke row\", LATERAL \(try composite(values, of: lists))"
    }

    private func composite(
        _ values: [String],
        of lists: [CandidateList]
    ) throws(PostgresError) -> String {
        let fields = columns.map { column in
            lists.firstIndex { $0.column.number == column.number }.map { values[$0] } ?? "NULL"
        }
        let type = try lookup.quotedName(of: relation)
        return
            "pg_catalog.unnest(ARRAY[ROW(\(fields.joined(separator: ", ")))::\(type)]) AS \(alias)"
    }

    private func value(_ candidate: Candidate, of column: Column) throws(PostgresError) -> String {
        let snapshot = lookup.snapshot
        let collation = column.collation.map { " COLLATE \($0)" } ?? ""
        let type = snapshot.baseTypeName(of: column)
        switch candidate.content {
        case .literal(let text):
            return "\(try lookup.connection.quoted(literal: text))::\(type)\(collation)"
        case .expression(let text, _): return "(\(text))::\(type)\(collation)"
        case .null: return "NULL::\(type)\(collation)"
        case .unnamed: return "\(try unnamedValue(of: column))::\(type)\(collation)"
        }
    }

    /// What a column becomes that is not named; a sequence is stood for by a number.
    private func unnamedValue(of column: Column) throws(PostgresError) -> String {
        let snapshot = lookup.snapshot
        let place = Reach.Place(relation: column.relation, column: column.number)
        let type = snapshot.baseType(of: column)
        let runsCode =
            snapshot.reach.defaultSequences[place] != nil || column.isIdentity
            || snapshot.reach.defaultRoutines[place]?.isEmpty == false
            || column.defaultExpression?.contains("nextval") ?? false
        if runsCode {
            switch type?.name {
            case "int2": return "30000"
            case "int4", "int8", "numeric": return "2000000000"
            default:
                let sample = type.flatMap {
                    TypeSample(snapshot: snapshot).value(of: $0.oid, modifier: -1, fresh: nil)
                }
                guard case .literal(let text) = sample else { return "NULL" }
                return try lookup.connection.quoted(literal: text)
            }
        }
        return column.defaultExpression.map { "(\($0))" } ?? "NULL"
    }

    /// No row that is there has the same keys in the index.
    private func isApart(by index: UniqueIndex) throws(PostgresError) -> String {
        var keys: [String] = index.expressions
        if keys.isEmpty {
            for number in index.columns {
                guard let column = lookup.snapshot.column(number, of: relation.oid) else {
                    continue
                }
                keys.append(try quoted(column))
            }
        }
        let named = keys.enumerated().map { "(\($0.element)) AS \"pgsmoke key \($0.offset)\"" }
            .joined(separator: ", ")
        let meets = keys.indices.map { place in
            let comparison =
                index.isExclusion
                ? index.operators[min(place, index.operators.count - 1)]
                : index.treatsNullsAsEqual ? "IS NOT DISTINCT FROM" : "="
            return "\"pgsmoke old\".\"pgsmoke key \(place)\" \(comparison) "
                + "\"pgsmoke new\".\"pgsmoke key \(place)\""
        }
        let condition = index.predicate.map { " WHERE \($0)" } ?? ""
        var old = index.predicate.map { ["(\($0))"] } ?? []
        if let vacancy { old.append("NOT (\(try vacancy.condition(with: lookup.connection)))") }
        let isThere = old.isEmpty ? "" : " WHERE \(old.joined(separator: " AND "))"
        return """
            NOT EXISTS (SELECT FROM (SELECT \(named) FROM ONLY \(try lookup.quotedName(of: relation))\(isThere)) AS "pgsmoke old",
                LATERAL (SELECT \(named) FROM (SELECT \(alias).*) AS \(alias)\(condition)) AS "pgsmoke new"
                 WHERE \(meets.joined(separator: " AND ")))
            """
    }

    /// The parent that a key names is there.
    private func refers(by key: Constraint) throws(PostgresError) -> String? {
        guard let parent = lookup.snapshot.relations[key.referencedRelation] else { return nil }
        var equalities: [String] = []
        var nulls: [String] = []
        for (child, referenced) in zip(key.columns, key.referencedColumns) {
            guard let own = lookup.snapshot.column(child, of: relation.oid),
                let other = lookup.snapshot.column(referenced, of: parent.oid)
            else { return nil }
            let name = "\(alias).\(try quoted(own))"
            equalities.append("\"pgsmoke parent\".\(try quoted(other)) = \(name)")
            nulls.append("\(name) IS NULL")
        }
        return """
            (\(nulls.joined(separator: key.isMatchFull ? " AND " : " OR "))
                OR EXISTS (SELECT FROM \(try lookup.quotedName(of: parent)) AS "pgsmoke parent"
                            WHERE \(equalities.joined(separator: " AND "))))
            """
    }
}

extension Candidate {
    /// The columns that its expression is made from.
    var inputs: Set<Int> { if case .expression(_, let inputs) = content { inputs } else { [] } }
}
