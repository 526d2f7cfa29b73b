internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Makes an error of a case whose row was stopped by a value that the user has declared; returns
    /// whether it did.
    ///
    /// - Throws: `connectionLost`.
    func blameDeclaredValue(
        in draft: RowDraft,
        for error: ServerError,
        of pending: PendingTrial,
        in record: inout Record
    ) throws(PostgresError) -> Bool {
        guard let declared = context.declarations.values[draft.row.relation.oid],
            pending.trial.expected == .allowed,
            record.verdict != .failed || error.sqlState == .insufficientPrivilege
        else { return false }
        let fault = DeclaredFault(
            relation: draft.row.relation,
            declared: declared,
            error: error,
            snapshot: context.snapshot
        )
        guard let deed = try fault.deed(named: draft.named, under: pending.frame, over: connection)
        else { return false }
        record.verdict = .error
        record.problem = .invalidStatement
        record.reason = deed
        record.missing = []
        return true
    }
}

/// Finds out which declared value stopped a row, if one did.
private struct DeclaredFault {
    let relation: Relation
    let declared: [Int: Declarations.Value]
    let error: ServerError
    let snapshot: Snapshot

    /// Says what the value did, such as `the value of column state (pgsmoke.yml:12) of shop.jobs
    /// violates constraint jobs_state_check`; `nil` if it is not to blame, or not it alone.
    func deed(
        named: Set<Int>,
        under frame: RoleFrame,
        over connection: Connection
    ) throws(PostgresError) -> String? {
        for column in declared.keys.sorted() {
            if try fails(alone(column), under: frame, over: connection) {
                let role = Identifier.displayed(frame.effective.name)
                return "\(described([column])) cannot be computed as \(role)"
            }
            if isMisfit,
                try fails(try fitted(column, connection), under: frame, over: connection)
            {
                return "\(described([column])) does not fit the column"
            }
        }
        // Where a value of pgsmoke's own is concerned too, it may be that one.
        let violated = violatedColumns.intersection(named)
        guard !violated.isEmpty, violated.isSubset(of: declared.keys) else { return nil }
        let subject = described(violated.sorted())
        let isOne = violated.count == 1
        if error.sqlState == .notNullViolation {
            return "\(subject) is NULL, which the column does not take"
        }
        if error.sourceFunction == "ExecFindPartition" {
            return "\(subject) \(isOne ? "leads" : "lead") to no partition"
        }
        let constraint = Identifier.displayed(error.constraint ?? "")
        return "\(subject) \(isOne ? "violates" : "violate") constraint \(constraint)"
    }

    /// Names columns, their places and the table.
    private func described(_ columns: [Int]) -> String {
        let list = columns.map { number in
            "\(Identifier.displayed(name(of: number))) (\(declared[number]?.place ?? ""))"
        }
        let noun = columns.count == 1 ? "the value of column" : "the values of columns"
        return "\(noun) \(list.joined(separator: ", ")) of \(relation.objectName.displayed)"
    }

    private func name(of column: Int) -> String {
        snapshot.columns[relation.oid]?.first { $0.number == column }?.name ?? ""
    }

    /// Whether a value was beyond the length, range or domain of a column's type.
    private var isMisfit: Bool {
        error.isInOurStatement
            && (error.sqlState == .stringTooLong || error.sqlState == .numericValueOutOfRange
                || error.sqlState == .checkViolation && error.table == nil)
    }

    private func alone(_ column: Int) -> String {
        "SELECT (\n\(declared[column]?.expression ?? "")\n)"
    }

    /// Makes a field of a row of the table's type from the value: there its length, range and domain
    /// are those of the column.
    private func fitted(
        _ column: Int,
        _ connection: Connection
    ) throws(PostgresError) -> String {
        let type = try connection.quoted(identifier: relation.name, in: relation.schema)
        let field = try connection.quoted(literal: name(of: column))
        return """
            SELECT pg_catalog.jsonb_populate_record(NULL::\(type), \
            pg_catalog.jsonb_build_object(\(field), (
            \(declared[column]?.expression ?? "")
            )))
            """
    }

    /// Whether a query fails in the way that the row failed.
    private func fails(
        _ query: String,
        under frame: RoleFrame,
        over connection: Connection
    ) throws(PostgresError) -> Bool {
        let opening =
            ["BEGIN", "SET LOCAL statement_timeout = '2s'", "SET LOCAL lock_timeout = '2s'"]
            + (try frame.lines(with: connection))
        let results = try connection.exchange(opening + [query, "ROLLBACK"])
        guard case .failed(let answer) = results.last else { return false }
        try connection.execute("ROLLBACK")
        return results.count == opening.count + 1 && answer.sqlState == error.sqlState
            && answer.constraint == error.constraint
    }

    /// The columns of the violated constraint of the table, or of those beneath a view.
    private var violatedColumns: Set<Int> {
        guard error.sqlState.conditionClass == "23" else { return [] }
        let tables = [relation.oid] + (snapshot.reach.viewBases[relation.oid] ?? [])
        let names = Set(tables.flatMap(violatedNames))
        let own = snapshot.columns[relation.oid] ?? []
        return Set(own.filter { names.contains($0.name) }.map(\.number))
    }

    private func violatedNames(in table: OID) -> [String] {
        guard let table = snapshot.relations[table],
            // A partition has its root's constraints.
            table.kind == .partitionedTable
                || error.table == table.name && error.schema == table.schema
        else { return [] }
        if error.sqlState == .notNullViolation { return error.column.map { [$0] } ?? [] }
        let numbers: [Int]? =
            if error.sourceFunction == "ExecFindPartition" {
                snapshot.partitionKeys[table.oid]?.columns
            } else {
                snapshot.constraints[table.oid]?.first { $0.name == error.constraint }?.columns
                    ?? snapshot.uniqueIndexes[table.oid]?.first { $0.name == error.constraint }?
                    .columns
            }
        let columns = snapshot.columns[table.oid] ?? []
        return columns.filter { numbers?.contains($0.number) ?? false }.map(\.name)
    }
}
