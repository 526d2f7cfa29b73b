internal import Catalog
internal import Postgres
internal import Trials

extension Lesson {
    /// Turns to the table beneath a view that the server writes to by itself: its constraints, keys
    /// and required columns are what the row must suit.
    ///
    /// - Throws: `connectionLost`.
    func base(after error: ServerError) throws(PostgresError) -> RowKnowledge? {
        let view = draft.row.relation
        var next = knowledge
        guard view.kind == .view, next.base == nil, next.tried.insert("base").inserted,
            error.sqlState.conditionClass != "42",
            !(lookup.snapshot.triggers[view.oid] ?? []).contains(where: {
                $0.firesOnInsert && $0.isBefore && $0.isEnabled
            }), let base = try lookup.base(of: view)
        else { return nil }
        next.base = base
        return next
    }
}

extension Lookup {
    /// Finds out which columns of a view stand for which of a table: the server shows it in the
    /// output of a plan that is not carried out.
    func base(of view: Relation) throws(PostgresError) -> RowKnowledge.ViewBase? {
        let columns = (snapshot.columns[view.oid] ?? []).filter(\.isWritable)
        var names: [String] = []
        for column in columns { names.append(try connection.quoted(identifier: column.name)) }
        guard !names.isEmpty else { return nil }
        let query = """
            EXPLAIN (VERBOSE, COSTS OFF)
            SELECT \(names.joined(separator: ", ")) FROM \(try quotedName(of: view))
            """
        // A view that calls volatile functions stands as a scan of its own above the table's.
        guard let lines = try rows(of: query, as: reader(view))?.compactMap({ $0.first ?? nil }),
            let place = lines.firstIndex(where: { scannedTable($0) != nil }),
            let table = scannedTable(lines[place]), place + 1 < lines.count,
            let start = lines[place + 1].firstRange(of: "Output: ")
        else { return nil }
        let parts = DeparsedText.split(String(lines[place + 1][start.upperBound...]), at: ", ")
        let all = snapshot.columns[view.oid] ?? []
        let shown = parts.count == columns.count ? columns : all
        guard parts.count == shown.count else { return nil }
        var mapping: [Int: Int] = [:]
        for (column, part) in zip(shown, parts) where column.isWritable {
            let words = Harvest(part).words
            guard let name = words.last, words.count == 1 || words.count == 3 && words[1] == ".",
                let own = snapshot.columns[table.oid]?.first(where: { $0.name == name })
            else { continue }
            mapping[own.number] = column.number
        }
        return RowKnowledge.ViewBase(table: table.oid, columns: mapping)
    }

    /// The table that a line such as `Seq Scan on public.t a` names.
    private func scannedTable(_ line: String) -> Relation? {
        let words = Harvest(line).words
        guard let on = words.firstIndex(of: "on"), words.count > on + 3, words[on + 2] == "."
        else { return nil }
        return snapshot.orderedRelations.first {
            $0.schema == words[on + 1] && $0.name == words[on + 3]
                && [.table, .partitionedTable].contains($0.kind)
        }
    }
}
