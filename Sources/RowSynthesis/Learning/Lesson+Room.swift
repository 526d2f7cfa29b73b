internal import Catalog
internal import Postgres
internal import Trials

/// Why a table takes no more rows.
struct Fullness {
    let reason: String
    /// The index whose every key is taken.
    let index: UniqueIndex
    /// The columns that were tried together.
    let columns: Set<Int>
}

extension Lesson {
    /// Ways to try a row though the table is full: in the place of one that is taken away first or,
    /// where statements may say so, giving way to those that are there.
    ///
    /// - Throws: `connectionLost`.
    func room(in full: Fullness, mayGiveWay: Bool) throws(PostgresError) -> [RowKnowledge] {
        let row = draft.suitedRow
        var ways: [RowKnowledge] = []
        for vacancy in mayRemoveRows(row.relation) ? try vacancies(in: row.relation) : [] {
            var next = knowledge
            next.vacancy = vacancy
            let teaching = try solving(
                .row,
                row,
                touching: full.columns,
                apartBy: [full.index],
                next
            )
            if case .knowledge(let solved) = teaching { ways.append(solved) }
        }
        if mayGiveWay {
            var next = knowledge
            next.ignoresConflicts = true
            let teaching = try solving(.row, row, touching: full.columns, apartBy: [], next)
            if case .knowledge(let solved) = teaching { next = solved }
            ways.append(next)
        }
        return ways
    }

    /// The first rows of a table that no other row refers to.
    private func vacancies(in table: Relation) throws(PostgresError) -> [ExistingRow] {
        let key = snapshot.pickingKey(of: table.oid)
        let references = snapshot.keys(referringTo: table.oid)
        let shown = (key + references.flatMap(\.referencedColumns))
            .reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        let empty = RowDraft.Row(table, in: snapshot)
        var texts: [String] = []
        for number in shown {
            guard let name = try empty.column(number, with: lookup.connection) else { return [] }
            texts.append(name)
        }
        let order = texts.prefix(key.count).joined(separator: ", ")
        let query = """
            SELECT \((["ctid"] + texts).map { "\($0)::pg_catalog.text" }.joined(separator: ", "))
              FROM ONLY \(try lookup.quotedName(of: table))
            \(order.isEmpty ? "" : " ORDER BY \(order)") LIMIT 32
            """
        let question = Lookup.Question(
            query: query,
            reader: lookup.reader(table),
            milliseconds: patience
        )
        guard case .rows(let rows) = try lookup.answer(to: question), !rows.isEmpty else {
            return []
        }
        var free = Set(rows.indices)
        for reference in references where !free.isEmpty {
            let places = reference.referencedColumns.map { (shown.firstIndex(of: $0) ?? 0) + 1 }
            let keys = rows.map { row in places.map { row[$0] } }
            free.subtract(try referred(by: reference, among: keys) ?? free)
        }
        return free.sorted().prefix(3).map { index in
            var row = empty
            for (place, number) in key.enumerated() {
                let text = rows[index][place + 1]
                row.values[number] = RowValue(
                    text.map { .literal($0) } ?? .null,
                    from: .existingRow
                )
            }
            return ExistingRow(row, at: rows[index][0])
        }
    }

    /// Tells which of some keys rows refer to, by their places; `nil` if that cannot be known.
    private func referred(
        by reference: Constraint,
        among keys: [[String?]]
    ) throws(PostgresError) -> Set<Int>? {
        guard let child = snapshot.relations[reference.relation] else { return nil }
        var equalities: [String] = []
        for (place, number) in reference.columns.enumerated() {
            let referenced = reference.referencedColumns[place]
            guard let column = snapshot.column(number, of: child.oid),
                let own = snapshot.column(referenced, of: reference.referencedRelation)
            else { return nil }
            let name = try lookup.connection.quoted(identifier: column.name)
            equalities.append(
                "\"pgsmoke child\".\(name) = \"pgsmoke key\".\"\(place)\"::\(snapshot.baseTypeName(of: own))"
            )
        }
        var tuples: [String] = []
        for (index, key) in keys.enumerated() {
            var fields = [String(index)]
            for text in key {
                fields.append(
                    try text.map { text throws(PostgresError) in
                        try lookup.connection.quoted(literal: text)
                    } ?? "NULL"
                )
            }
            tuples.append("(\(fields.joined(separator: ", ")))")
        }
        let names = (["place"] + reference.columns.indices.map(String.init)).map { "\"\($0)\"" }
        let query = """
            SELECT "pgsmoke key".place
              FROM (VALUES \(tuples.joined(separator: ", "))) AS "pgsmoke key" (\(names.joined(separator: ", ")))
             WHERE EXISTS (SELECT FROM \(try lookup.quotedName(of: child)) AS "pgsmoke child"
                            WHERE \(equalities.joined(separator: " AND ")))
            """
        let question = Lookup.Question(
            query: query,
            reader: lookup.reader(child),
            schema: child.schema,
            milliseconds: patience
        )
        guard question.reader != .nobody, case .rows(let rows) = try lookup.answer(to: question)
        else { return nil }
        return Set(rows.compactMap { $0[0].flatMap { Int($0) } })
    }
}
