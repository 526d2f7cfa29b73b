internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension Declarations {
    /// The expressions as rows take them; the line breaks end a comment.
    var rowValues: [OID: [Int: RowValue]] {
        values.mapValues { columns in
            columns.mapValues { RowValue(.expression("(\n\($0.expression)\n)"), from: .declared) }
        }
    }
}

extension LaneRunner {
    /// Makes an error of a case whose row was stopped by a value that the user has declared.
    ///
    /// - Throws: `connectionLost`.
    func blameDeclaredValue(
        in draft: RowDraft,
        for error: ServerError,
        of pending: PendingTrial,
        in record: inout Record
    ) throws(PostgresError) {
        guard let declared = context.declarations.values[draft.row.relation.oid],
            pending.trial.expected == .allowed,
            record.verdict != .failed || error.sqlState == .insufficientPrivilege
        else { return }
        let columns = declared.keys.sorted()
        let violated = violatedColumns(by: error, in: draft)
        let guilty: [Int]
        let deed: String
        if let failing = try columnFailing(among: declared, like: error, under: pending.frame) {
            guilty = [failing]
            deed = "cannot be computed as \(Identifier.displayed(pending.frame.effective.name))"
        } else if isMisfit(error) {
            guilty = columns
            deed = columns.count == 1 ? "does not fit the column" : "do not all fit the columns"
        } else if !violated.isEmpty, violated.isSubset(of: columns) {
            guilty = violated.sorted()
            let constraint = error.constraint.map { "constraint \(Identifier.displayed($0))" }
            deed =
                "\(guilty.count == 1 ? "violates" : "violate") \(constraint ?? "a rule of the table")"
        } else {
            return
        }
        record.verdict = .error
        record.problem = .invalidStatement
        record.reason = "\(described(guilty, declared, draft.row.relation)) \(deed)"
        record.missing = []
    }

    /// Names columns, table and places: `the value of column state of shop.jobs (pgsmoke.yml:12)`.
    private func described(
        _ columns: [Int],
        _ declared: [Int: Declarations.Value],
        _ relation: Relation
    ) -> String {
        let all = context.snapshot.columns[relation.oid] ?? []
        let list = columns.map { number in
            let name = all.first { $0.number == number }?.name ?? ""
            return "\(Identifier.displayed(name)) (\(declared[number]?.place ?? ""))"
        }.joined(separator: ", ")
        let table = relation.objectName.displayed
        return columns.count == 1
            ? "the value of column \(list) of \(table)"
            : "the values of columns \(list) of \(table)"
    }

    /// Whether a value is beyond the length, range or domain of a column's type; the values that
    /// pgsmoke makes by itself are not.
    private func isMisfit(_ error: ServerError) -> Bool {
        guard error.isInOurStatement else { return false }
        return error.sqlState == .stringTooLong || error.sqlState == .numericValueOutOfRange
            || error.sqlState.conditionClass == "23" && error.table == nil
    }

    /// The columns of the violated constraint, as far as the row names them.
    private func violatedColumns(by error: ServerError, in draft: RowDraft) -> Set<Int> {
        let relation = draft.row.relation
        guard error.sqlState.conditionClass == "23" else { return [] }
        let snapshot = context.snapshot
        var columns: Set<Int> = []
        if error.sourceFunction == "ExecFindPartition" {
            columns = Set(snapshot.partitionKeys[relation.oid]?.columns ?? [])
        } else if error.sqlState == .notNullViolation {
            columns = Set(
                (snapshot.columns[relation.oid] ?? []).filter { $0.name == error.column }
                    .map(\.number)
            )
        } else if let name = error.constraint {
            columns = Set(
                (snapshot.constraints[relation.oid] ?? []).first { $0.name == name }?.columns
                    ?? snapshot.uniqueIndexes[relation.oid]?.first { $0.name == name }?.columns
                    ?? []
            )
        }
        return columns.intersection(draft.named)
    }

    /// Finds the value that fails by itself, in the way that the row failed.
    private func columnFailing(
        among declared: [Int: Declarations.Value],
        like error: ServerError,
        under frame: RoleFrame
    ) throws(PostgresError) -> Int? {
        for (column, value) in declared.sorted(by: { $0.key < $1.key }) {
            let lines = try frame.lines(with: connection)
            let results = try connection.exchange(
                ["BEGIN", "SET LOCAL statement_timeout = \(context.options.statementTimeout)"]
                    + lines
                    + ["SELECT (\n\(value.expression)\n)", "ROLLBACK"]
            )
            guard case .failed(let answer) = results.last else { continue }
            try connection.execute("ROLLBACK")
            if results.count == lines.count + 3, answer.sqlState == error.sqlState { return column }
        }
        return nil
    }
}
