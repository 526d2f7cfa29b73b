internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension StatementWriter {
    /// How a statement picks its row.
    struct Pick {
        /// The condition; `nil` if no column could serve, and any row must do.
        var condition: String?
        /// The columns that the condition reads; `nil` for system columns, which take the whole
        /// relation's SELECT.
        var columns: Set<Int>?
        var row: TrialStatement.PickedRow
    }

    /// Writes a statement on a row that is there; `nil` if it can pick none, or set nothing.
    func picking(
        _ row: RowDraft.Row,
        by pick: Pick,
        _ operation: Operation
    ) throws(PostgresError) -> TrialStatement? {
        let target = try row.target(with: connection)
        let read = pick.columns.map { [Need(.select, on: $0)] } ?? [Need(.select)]
        switch operation {
        case .select: return try select(row, by: pick)
        case .selectForUpdate:
            guard let condition = pick.condition else { return nil }
            let shown = try names(numbered((pick.columns ?? []).sorted()))
            return TrialStatement(
                lines: [
                    "SELECT \(shown.isEmpty ? "1" : shown) FROM \(target) WHERE \(condition) FOR UPDATE"
                ],
                needs: read + [Need(.update)],
                row: pick.row
            )
        case .update:
            let set = updatable(row)
            guard let condition = pick.condition, !set.isEmpty else { return nil }
            return TrialStatement(
                lines: ["UPDATE \(target) SET \(try assignments(set, in: row)) WHERE \(condition)"],
                needs: [Need(.update, on: Set(set.map(\.number)))] + read,
                row: pick.row,
                remark: remark(onUpdating: set, of: row)
            )
        case .delete:
            guard let condition = pick.condition else { return nil }
            return TrialStatement(
                lines: ["DELETE FROM \(target) WHERE \(condition)"],
                needs: [Need(.delete)] + read,
                row: pick.row
            )
        default: return nil
        }
    }

    /// Reads what the role may read; where that leaves out the key, any row must do.
    private func select(
        _ row: RowDraft.Row,
        by pick: Pick
    ) throws(PostgresError) -> TrialStatement? {
        let target = try row.target(with: connection)
        let read = granted(.select, among: columns)
        let readable = Set(read.map(\.number))
        let canPick = pick.columns.map(readable.isSuperset) ?? !isNarrowed(.select)
        let end: String? = canPick ? pick.condition.map { "WHERE \($0)" } : nil
        let list = read.isEmpty ? "" : "\(try names(read)) "
        return TrialStatement(
            lines: ["SELECT \(list)FROM \(target) \(end ?? "LIMIT 1")"],
            needs: [Need(.select, on: readable)],
            row: pick.row,
            mustFindRow: pick.condition != nil,
            remark: remark(.select, read)
        )
    }

    /// Reads a relation in which no row can be put: what matters is that it can be read at all.
    func reading(limit: Int) throws(PostgresError) -> TrialStatement {
        let read = granted(.select, among: columns)
        let target = try connection.quoted(identifier: relation.name, in: relation.schema)
        let list = read.isEmpty ? "" : "\(try names(read)) "
        return TrialStatement(
            lines: ["SELECT \(list)FROM \(target) LIMIT \(limit)"],
            needs: [Need(.select, on: Set(read.map(\.number)))],
            mustFindRow: false,
            timeLimit: 2_000,
            remark: limit == 0
                ? "to read a row took too long, so only the query's start was tried"
                : remark(.select, read)
        )
    }

    /// Asks for all privileges of a statement that picks its row by the key, without touching one.
    func privileges(
        _ row: RowDraft.Row,
        _ operation: Operation,
        _ doubt: String
    ) throws(PostgresError) -> TrialStatement? {
        var condition = "false"
        for column in numbered(key) { condition = "\(try name(column)) IS NULL AND \(condition)" }
        let pick = Pick(condition: condition, columns: Set(key), row: .none)
        var statement = try picking(row, by: pick, operation)
        statement?.mustFindRow = false
        statement?.doubt = doubt
        return statement
    }

    /// Asks for the privileges of a statement on rows without touching one.
    func pickingNothing(
        _ row: RowDraft.Row,
        _ operation: Operation
    ) throws(PostgresError) -> TrialStatement? {
        let target = try row.target(with: connection)
        switch operation {
        case .select, .selectForUpdate:
            let read = granted(.select, among: columns)
            let list = read.isEmpty ? "" : "\(try names(read)) "
            let isLocking = operation == .selectForUpdate
            return TrialStatement(
                lines: [
                    "SELECT \(list)FROM \(target) WHERE false\(isLocking ? " FOR UPDATE" : "")"
                ],
                needs: [Need(.select, on: Set(read.map(\.number)))]
                    + (isLocking ? [Need(.update)] : [])
            )
        case .update:
            // What the server computes itself can still be set to its default.
            let computed = columns.filter { column in
                column.isWritable && !view.fixed.contains(column.number)
                    && !settable.contains(column)
            }
            guard let column = granted(.update, among: settable + computed).first else {
                return nil
            }
            let value = computed.contains(column) ? "DEFAULT" : "NULL"
            return TrialStatement(
                lines: ["UPDATE \(target) SET \(try name(column)) = \(value) WHERE false"],
                needs: [Need(.update, on: [column.number])]
            )
        case .delete:
            return TrialStatement(
                lines: ["DELETE FROM \(target) WHERE false"],
                needs: [Need(.delete)]
            )
        default: return nil
        }
    }
}
