package import Catalog
package import Postgres
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
            error.sqlState.conditionClass != "42" || error.givesComputedColumn
                || error.assignsTwice,
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
    package func base(of view: Relation) throws(PostgresError) -> RowKnowledge.ViewBase? {
        let columns = (snapshot.columns[view.oid] ?? []).filter(\.isWritable)
        var names: [String] = []
        for column in columns { names.append(try connection.quoted(identifier: column.name)) }
        guard !names.isEmpty else { return nil }
        let query = """
            EXPLAIN (VERBOSE, COSTS OFF)
            SELECT \(names.joined(separator: ", ")) FROM \(try quotedName(of: view))
            """
        guard let lines = try rows(of: query, as: reader(view))?.compactMap({ $0.first ?? nil }),
            let first = lines.first
        else { return nil }
        if scannedTable(first) == nil, let beneath = viewBeneath(view) {
            return try base(of: beneath).map { inner in
                let places = Self.outputs(of: lines, at: 0)
                let named =
                    places.count == columns.count ? zip(columns, places).map { ($0, $1) } : []
                return inner.seen(through: named, of: snapshot.columns[beneath.oid] ?? [])
            }
        }
        // A view that calls volatile functions stands as a scan of its own above the table's.
        guard let place = lines.firstIndex(where: { scannedTable($0) != nil }),
            let table = scannedTable(lines[place])
        else { return nil }
        let parts = Self.outputs(of: lines, at: place)
        let shown = parts.count == columns.count ? columns : snapshot.columns[view.oid] ?? []
        guard parts.count == shown.count else { return nil }
        var base = RowKnowledge.ViewBase(table: table.oid)
        for (column, part) in zip(shown, parts) where column.isWritable {
            guard let name = Self.columnName(part),
                let own = snapshot.columns[table.oid]?.first(where: { $0.name == name })
            else { continue }
            base.columns[own.number] = column.number
            base.beneath[column.number] = own.number
        }
        return base
    }

    /// The one view that a view stands on.
    private func viewBeneath(_ view: Relation) -> Relation? {
        let bases = (snapshot.reach.viewBases[view.oid] ?? []).compactMap { snapshot.relations[$0] }
        return bases.count == 1 && bases[0].kind == .view ? bases[0] : nil
    }

    /// What a node of a plan puts out.
    private static func outputs(of lines: [String], at node: Int) -> [String] {
        guard node + 1 < lines.count, let start = lines[node + 1].firstRange(of: "Output: ") else {
            return []
        }
        return DeparsedText.split(String(lines[node + 1][start.upperBound...]), at: ", ")
    }

    /// The column that a term such as `a.b` is, if it is one alone.
    fileprivate static func columnName(_ term: String) -> String? {
        let words = Harvest(term).words
        return words.count == 1 || words.count == 3 && words[1] == "." ? words.last : nil
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

extension RowKnowledge.ViewBase {
    /// The same table for a view above, whose columns stand for terms over those of this one.
    fileprivate func seen(
        through terms: [(column: Column, term: String)],
        of columns: [Column]
    ) -> RowKnowledge.ViewBase {
        var above = RowKnowledge.ViewBase(table: table)
        for (column, term) in terms {
            guard let name = Lookup.columnName(term),
                let own = columns.first(where: { $0.name == name }),
                let number = beneath[own.number]
            else { continue }
            above.beneath[column.number] = number
            if above.columns[number] == nil || self.columns[number] == own.number {
                above.columns[number] = column.number
            }
        }
        return above
    }
}
