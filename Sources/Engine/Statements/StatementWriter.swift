internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// Writes the statements of a role's trials on one relation.
struct StatementWriter {
    let access: AccessMap
    let connection: Connection
    let relation: Relation
    /// The role under trial.
    let role: Principal
    /// What the columns stand for, if the relation is a view and the statement sets some.
    let view: ViewColumns

    typealias Need = StatementAttempt.Need

    var snapshot: Snapshot { access.snapshot }

    var columns: [Column] { snapshot.columns[relation.oid] ?? [] }

    /// The columns by which a row is picked; empty if the relation has no key.
    var key: [Int] { snapshot.rowKey(of: relation) }

    /// Of some columns those on which the role holds a privilege; all of them if it holds it on the
    /// whole relation, or on none.
    func granted(_ privilege: Privilege, among columns: [Column]) -> [Column] {
        guard !access.has(role, privilege, on: relation) else { return columns }
        let granted = columns.filter { access.has(role, privilege, on: $0, of: relation) }
        return granted.isEmpty ? columns : granted
    }

    /// Whether the role holds a privilege on single columns only.
    func isNarrowed(_ privilege: Privilege) -> Bool {
        !access.has(role, privilege, on: relation) && access.hasAny(role, privilege, on: relation)
    }

    /// Says that a statement names only what is granted.
    func remark(_ privilege: Privilege, _ columns: [Column]) -> String? {
        guard isNarrowed(privilege) else { return nil }
        let names = columns.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        return
            "\(privilege.rawValue) is granted on single columns, so only those were named: \(names)"
    }

    /// Says that an UPDATE sets only what code lets it set.
    func remark(onUpdating columns: [Column], of row: RowDraft.Row) -> String? {
        guard !row.spared.isEmpty else { return remark(.update, columns) }
        let names = columns.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        return "code refuses to change other columns, so only these were set: \(names)"
    }

    func name(_ column: Column) throws(PostgresError) -> String {
        try connection.quoted(identifier: column.name)
    }

    func names(_ columns: [Column]) throws(PostgresError) -> String {
        var names: [String] = []
        for column in columns { names.append(try name(column)) }
        return names.joined(separator: ", ")
    }

    func numbered(_ numbers: some Sequence<Int>) -> [Column] {
        numbers.compactMap { snapshot.column($0, of: relation.oid) }
    }

    /// The columns to which the server lets statements give a value.
    var settable: [Column] {
        columns.filter { column in
            !column.isComputed && column.generation != .identityAlways
                && !view.fixed.contains(column.number)
        }
    }

    /// The columns that an UPDATE can give a value: first those that the row names, outside of its key.
    ///
    /// What code refuses to change is left out, unless nothing else may be set.
    func updatable(_ row: RowDraft.Row) -> [Column] {
        let settable = settable.filter(\.isUpdatable)
        let free = settable.filter { !row.spared.contains($0.number) }
        let found = updatable(row, among: free)
        return found.isEmpty && !row.spared.isEmpty ? updatable(row, among: settable) : found
    }

    private func updatable(_ row: RowDraft.Row, among free: [Column]) -> [Column] {
        let key = Set(key).union(snapshot.partitionKeys[relation.oid]?.columns ?? [])
        let named = free.filter { row.values[$0.number] != nil }
        // What a domain gives by default may draw from sequences or call code.
        let idle = free.filter {
            row.values[$0.number] == nil && !$0.hasDefault && !$0.isIdentity
                && snapshot.types[$0.type]?.hasDefault != true
        }
        let choices = [
            named.filter { !key.contains($0.number) }, idle.filter { !key.contains($0.number) },
            named, free.filter { !draws($0) },
        ]
        let narrowed = isNarrowed(.update)
        for choice in choices {
            let granted =
                narrowed
                ? choice.filter { access.has(role, .update, on: $0, of: relation) } : choice
            var set: Set<Int> = []
            // Of columns that stand for the same one a statement may set one alone.
            let single = granted.filter {
                set.insert(view.beneath[$0.number] ?? -1 - $0.number).inserted
            }
            if !single.isEmpty { return single }
        }
        return []
    }

    func draws(_ column: Column) -> Bool {
        let place = Reach.Place(relation: column.relation, column: column.number)
        return column.isIdentity || snapshot.reach.defaultSequences[place] != nil
    }

    /// What an UPDATE sets a column to: the value that the row has.
    func value(of column: Column, in row: RowDraft.Row) throws(PostgresError) -> String {
        if let value = row.values[column.number] {
            return try value.content.sql(with: connection)
        }
        return column.hasDefault ? "DEFAULT" : "NULL"
    }

    private func assigned(_ column: Column, in row: RowDraft.Row) throws(PostgresError) -> String {
        // One more than what the row is given: to read it would take a privilege.
        if row.raised.contains(column.number),
            case .literal(let text) = row.values[column.number]?.content, let number = Int(text)
        {
            return "'\(number &+ 1)'"
        }
        return try value(of: column, in: row)
    }

    func assignments(
        _ columns: [Column],
        in row: RowDraft.Row
    ) throws(PostgresError) -> String {
        var parts: [String] = []
        for column in columns {
            parts.append("\(try name(column)) = \(try assigned(column, in: row))")
        }
        return parts.joined(separator: ", ")
    }
}
