internal import Catalog
internal import Postgres
internal import Trials

extension RowSearch {
    /// The lines of `pgsmoke.yml` that give the columns in question values by hand.
    package func advice(after failure: Failure, of draft: RowDraft) -> String? {
        let row: RowDraft.Row
        switch failure {
        case .row, .swallowed, .filtered: row = draft.row
        case .scaffold(let index, _):
            guard draft.scaffold.indices.contains(index) else { return nil }
            row = draft.scaffold[index]
        }
        let columns = columnsInQuestion(failure, row).prefix(6)
        guard !columns.isEmpty else { return nil }
        let values = columns.map { "\(Self.yaml($0.name)): \"…\"" }.joined(separator: ", ")
        let table = Self.yaml(row.relation.objectName.displayed)
        return "to get past it write the values into pgsmoke.yml: "
            + "tables: { \(table): { values: { \(values) } } }"
    }

    /// The columns of the constraint, or those that the triggers look at, or all that are named.
    private func columnsInQuestion(_ failure: Failure, _ row: RowDraft.Row) -> [Column] {
        let all = (snapshot.columns[row.relation.oid] ?? []).filter {
            !$0.isComputed && !synthesizer.drawsFromSequence($0)
        }
        if let error = failure.error {
            let named = all.filter { $0.name == error.column }
            if !named.isEmpty { return named }
            if let name = error.constraint {
                let conditions = Conditions(of: row.relation, in: snapshot).all
                var numbers = conditions.filter { $0.name == name }
                    .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
                let constraint = snapshot.constraints[row.relation.oid]?.first { $0.name == name }
                numbers.formUnion(constraint?.columns ?? [])
                let bound = all.filter { numbers.contains($0.number) }
                if !bound.isEmpty { return bound }
            }
        }
        let mentioned = TriggerCode(of: row.relation, in: snapshot).mentioned
            .filter { column in all.contains(column) }
        return mentioned.isEmpty ? all.filter { row.values[$0.number] != nil } : mentioned
    }

    /// Quotes a key where YAML would read something else.
    private static func yaml(_ name: String) -> String {
        let isPlain = name.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "_.".contains($0))
        }
        return isPlain ? name : "'\(PrintableText.line(name).replacing("'", with: "''"))'"
    }
}
