internal import Catalog
internal import Postgres
internal import RowSynthesis

extension LaneRunner {
    /// Computes what policies ask of rows that somebody else puts in place for the role: a value that
    /// depends on who asks must be the role's there, too.
    func settled(_ draft: RowDraft, as frame: RoleFrame) throws(PostgresError) -> RowDraft {
        let isShared = draft.scaffold.contains { row in
            row.values.values.contains { $0.source == .policy }
        }
        guard isShared else { return draft }
        var draft = draft
        let rows = try evaluated(draft.scaffold + [draft.row], as: frame) { $0.source == .policy }
        draft.scaffold = Array(rows.dropLast())
        draft.row = rows[rows.count - 1]
        return draft
    }

    /// Computes what stands in rows as expressions, as the role; what it cannot compute stays as it is.
    func evaluated(
        _ rows: [RowDraft.Row],
        as frame: RoleFrame,
        where isWanted: (RowValue) -> Bool = { _ in true }
    ) throws(PostgresError) -> [RowDraft.Row] {
        var rows = rows
        var places: [(row: Int, column: Int, source: ValueSource)] = []
        var terms: [String] = []
        for (index, row) in rows.enumerated() {
            for (number, value) in row.values.sorted(by: { $0.key < $1.key }) where isWanted(value)
            {
                guard case .expression(let expression) = value.content,
                    let column = context.snapshot.column(number, of: row.relation.oid)
                else { continue }
                places.append((index, number, value.source))
                terms.append("((\(expression))::\(column.typeName))::pg_catalog.text")
            }
        }
        guard !terms.isEmpty else { return rows }
        let opening =
            context.opening(frame.isolation, within: context.options.limits)
            + (try frame.lines(with: connection))
        let query = "SELECT \(terms.joined(separator: ", "))"
        let results = try connection.exchange(opening + [query, "ROLLBACK"])
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        guard results.count > opening.count,
            case .succeeded(_, let values) = results[opening.count], values.count == places.count
        else { return rows }
        for (place, text) in zip(places, values) {
            let content = text.map { RowValue.Content.literal($0) } ?? .null
            rows[place.row].values[place.column] = RowValue(content, from: place.source)
        }
        return rows
    }
}
