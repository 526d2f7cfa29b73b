internal import Catalog
internal import Postgres
package import Trials

extension RowSearch {
    /// The lines of `pgsmoke.yml` that help past a failure, if any do: values for the columns in
    /// question, by hand, or that the operation is left out where code does not let it change rows.
    ///
    /// `withoutRow` says that the row which the statement was to pick could not be put in place.
    package func advice(
        after failure: Failure,
        of draft: RowDraft,
        by operation: Operation,
        as role: String,
        withoutRow: Bool
    ) -> String? {
        // No value mends code that names what is not there, nor what the server cannot do.
        if let error = failure.error, error.sqlState != .insufficientPrivilege,
            ["0A", "3F", "42"].contains(error.sqlState.conditionClass)
        {
            return nil
        }
        let isSwallowed = if case .swallowed = failure { true } else { false }
        if operation.needsRow, isSwallowed, withoutRow || changingEvent(of: operation) == nil {
            // What code makes of a row that is put in place is not what it was given.
            return nil
        }
        guard !withoutRow, let event = changingEvent(of: operation) else {
            return values(after: failure, of: draft)
        }
        let isRefused = isSwallowed || failure.error?.sourceFunction == "exec_stmt_raise"
        guard isRefused else { return values(after: failure, of: draft) }
        let mentioned = TriggerCode(of: relation, in: snapshot, on: [event]).mentioned
            .filter { !$0.isComputed && !synthesizer.drawsFromSequence($0) }
        return [values(for: mentioned, of: relation), leavingOut(operation, as: role)]
            .compactMap(\.self).joined(separator: "; ")
    }

    /// The lines of `pgsmoke.yml` that leave an operation out which code does not let change rows; `nil`
    /// for one that changes none.
    package func leavingOut(_ operation: Operation, as role: String) -> String? {
        guard changingEvent(of: operation) != nil else { return nil }
        let table = Self.yaml(relation.objectName.displayed)
        return "if the table is to refuse it, leave \(operation.rawValue) out: "
            + "tables: { \(table): { operations: { \(Self.yaml(role)): [...] } } }"
    }

    /// What the operation does to a row that is there, with code set off by that alone; `nil` if it
    /// changes none.
    private func changingEvent(of operation: Operation) -> Relation.Event? {
        switch operation {
        case .update: return .update
        case .delete: return .delete
        case .upsert, .merge:
            let isOfUpdate =
                TriggerCode(of: relation, in: snapshot).isEmpty
                && !TriggerCode(of: relation, in: snapshot, on: [.update]).isEmpty
            return isOfUpdate ? .update : nil
        default: return nil
        }
    }

    /// The lines of `pgsmoke.yml` that give the columns values by hand which policies look at.
    package var adviceOnPolicies: String? {
        let names = Set(
            (snapshot.policies[relation.oid] ?? []).flatMap(\.expressions)
                .flatMap { Harvest($0).words }
        )
        let columns = (snapshot.columns[relation.oid] ?? []).filter {
            names.contains($0.name) && !$0.isComputed && !synthesizer.drawsFromSequence($0)
        }
        return values(for: columns, of: relation)
    }

    private func values(after failure: Failure, of draft: RowDraft) -> String? {
        let row: RowDraft.Row
        switch failure {
        case .row, .swallowed, .filtered: row = draft.row
        case .scaffold(let index, _):
            guard draft.scaffold.indices.contains(index) else { return nil }
            row = draft.scaffold[index]
        }
        return values(for: columnsInQuestion(failure, row), of: row.relation)
    }

    private func values(for columns: [Column], of relation: Relation) -> String? {
        guard !columns.isEmpty else { return nil }
        let values = columns.prefix(6).map { "\(Self.yaml($0.name)): \"…\"" }.joined(
            separator: ", "
        )
        let table = Self.yaml(relation.objectName.displayed)
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
        return isPlain ? name : "'\(PrintableText.line(name).replacing(scalar: "'", with: "''"))'"
    }
}
