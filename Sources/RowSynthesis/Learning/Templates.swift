internal import Catalog
internal import Postgres
internal import Trials

/// Rows that are there already, as models for a new one.
struct Templates {
    let lookup: Lookup
    let synthesizer: RowSynthesizer

    /// Turns some of a relation's rows into values for a new one: what must differ from row to row
    /// is left to be made, and so is text, unless a constraint or `keeping` needs the real one.
    ///
    /// - Throws: `connectionLost`.
    func values(
        of relation: Relation,
        keeping kept: Set<Int>,
        limit: Int
    ) throws(PostgresError) -> [[Int: RowValue]] {
        guard relation.kind == .table else { return [] }
        let snapshot = lookup.snapshot
        let unique = synthesizer.uniqueColumns(of: relation)
        let conditions = Conditions(of: relation, in: snapshot)
        let references = snapshot.foreignKeyColumns(of: relation.oid)
        let columns = (snapshot.columns[relation.oid] ?? []).filter { column in
            guard !column.isComputed, !synthesizer.drawsFromSequence(column) else { return false }
            if unique.contains(column.number), !references.contains(column.number) { return false }
            let isText = snapshot.baseType(of: column)?.category == "S"
            return !isText || kept.contains(column.number) || references.contains(column.number)
                || !conditions.conditions(on: column).isEmpty
        }
        guard !columns.isEmpty else { return [] }
        var names: [String] = []
        for column in columns {
            names.append(
                "\(try lookup.connection.quoted(identifier: column.name))::pg_catalog.text"
            )
        }
        let query = """
            SELECT \(names.joined(separator: ", ")) FROM ONLY \(try lookup.quotedName(of: relation))
             LIMIT \(limit)
            """
        let rows = try lookup.rows(of: query, as: lookup.reader(relation)) ?? []
        return rows.map { row in
            var values: [Int: RowValue] = [:]
            for (column, text) in zip(columns, row) {
                guard let text else { continue }
                values[column.number] = RowValue(.literal(text), from: .existingRow)
            }
            return values
        }
    }
}
