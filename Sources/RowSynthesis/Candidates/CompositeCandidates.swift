internal import Catalog
internal import Trials

/// Composite values whose fields suit what conditions say of them.
struct CompositeCandidates {
    let columns: ColumnCandidates
    let column: Column
    let type: DataType

    /// One value, put together by the server.
    func candidates(from conditions: [Condition], _ fresh: Int) -> [Candidate] {
        guard case .composite(let relation) = type.form else { return [] }
        let fields = columns.snapshot.columns[relation] ?? []
        var mentions: [(condition: Condition, parts: Set<Int>)] = []
        for condition in conditions where condition.columns == [column.number] {
            let parts = mentioned(condition, of: fields)
            if !parts.isEmpty { mentions.append((condition, parts)) }
        }
        guard !mentions.isEmpty else { return [] }
        let parts = fields.indices.map { index in
            let own = mentions.filter { $0.parts.contains(index) }.map(\.condition)
            return columns.values(of: fields[index], from: own.flatMap(\.hints), fresh)
        }
        let value = PartedValue(
            parts: parts,
            conditions: mentions.map { ($0.condition.text, $0.parts) },
            row: SQLText.identifier(columns.relation.name),
            column: SQLText.identifier(column.name),
            // A domain may refuse NULL in a field that is not asked for.
            whole: { values in
                let fields = values.enumerated().map { $1 ?? parts[$0][0] }
                return "ROW(\(fields.joined(separator: ", ")))::\(type.sqlName)"
            }
        )
        return [value.expression].compactMap(\.self).map {
            Candidate(content: .expression($0, inputs: []), source: .constant, isSafe: false)
        }
    }

    /// The fields that a condition names, as `(column).field`.
    private func mentioned(_ condition: Condition, of fields: [Column]) -> Set<Int> {
        let words = Harvest(condition.text).words
        var found: Set<Int> = []
        for index in words.indices.dropLast(3)
        where words[index] == column.name && words[index + 1] == ")" && words[index + 2] == "." {
            if let field = fields.firstIndex(where: { $0.name == words[index + 3] }) {
                found.insert(field)
            }
        }
        return found
    }
}
