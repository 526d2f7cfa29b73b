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

    /// Why rows that need each other could not go in, if that is what stopped the search.
    package func hardRing(after failure: Failure) -> String? {
        guard !mayUseReplicaMode,
            [.foreignKeyViolation, .uniqueViolation].contains(failure.error?.sqlState),
            let key = snapshot.ringKeys(of: relation.oid).first(where: { key in
                !key.isDeferrable
                    && snapshot.requiredForeignKeys(of: key.referencedRelation).contains {
                        $0.referencedRelation == relation.oid && !$0.isDeferrable
                    }
            }), let other = snapshot.relations[key.referencedRelation]
        else { return nil }
        return
            "rows of \(relation.objectName.displayed) and \(other.objectName.displayed) must refer "
            + "to each other by keys that are not deferrable, and only a superuser may switch keys "
            + "off to put one in place before the other"
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
