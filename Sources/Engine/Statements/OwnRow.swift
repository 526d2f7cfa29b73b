internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// The row that the statements of a relation work on.
enum RowOnHand: Sendable {
    /// The row of each draft itself, brought in by the statement.
    case brought
    /// The draft's row, put in place first.
    case own(KeyKnowledge)
    /// A row that is there, since none could be put in place.
    case existing(ExistingRow)
    /// None can be put in place: what is there is only read, `limit` rows of it, and of other
    /// statements the privileges are tried. `instead` says why, where a row was looked for.
    case unknown(limit: Int, instead: Record? = nil)

    var instead: Record? { if case .unknown(_, let record) = self { record } else { nil } }
}

/// How the key of a row is known that is put in place.
enum KeyKnowledge: Sendable {
    /// By the values that the row is given.
    case given
    /// By what the server returns: a trigger may fill it.
    case returned
    /// In the same way, where code asks for what was drawn last: the sequences of the row are left to
    /// their defaults.
    case drawn
}

extension LaneRunner {
    /// Writes the statement of an attempt at a trial; `nil` if the row gives it nothing to work on.
    func prepare(
        _ pending: PendingTrial,
        _ draft: RowDraft,
        _ rowOnHand: RowOnHand
    ) throws(PostgresError) -> PreparedTrial? {
        let writer = try writer(for: pending, on: draft.row.relation)
        let operation = pending.trial.operation
        let needsLiterals = if case .own = rowOnHand { true } else { operation == .copy }
        var row = operation == .copy ? writer.named(draft.row) : draft.row
        if needsLiterals { row = try evaluated([row], as: pending.frame)[0] }
        let statement: TrialStatement? =
            switch rowOnHand {
            case .brought:
                try writer.bringing(
                    pending.trial.expected == .denied ? writer.narrowed(row) : row,
                    by: operation,
                    givingWay: draft.ignoresConflicts
                )
            case .own(let knowledge):
                try writer.picking(
                    row,
                    by: try ownPick(row, knowledge, writer, draft),
                    operation
                )
            case .existing
            where operation == .delete
                && !context.snapshot.keys(referringTo: draft.row.relation.oid).isEmpty:
                try writer.privileges(
                    row,
                    operation,
                    // To delete one that is there could take away, or lock, any number of others.
                    "no row of our own could be put in place, and others may refer to those that "
                        + "are there; only the privileges were tried"
                )
            case .existing(let existing):
                try writer.picking(
                    row,
                    by: StatementWriter.Pick(
                        condition: try existing.condition(with: connection),
                        columns: existing.columns,
                        row: .existing
                    ),
                    operation
                )
            case .unknown(let limit, _):
                operation == .select
                    ? try writer.reading(limit: limit)
                    : try writer.privileges(
                        row,
                        operation,
                        "there is no row for it to work on; only the privileges were tried"
                    )
            }
        return statement.map { PreparedTrial(pending: pending, statement: $0) }
    }

    func writer(
        for pending: PendingTrial,
        on relation: Relation
    ) throws(PostgresError) -> StatementWriter {
        try writer(for: pending.frame.effective, on: relation, doing: pending.trial.operation)
    }

    private func writer(
        for role: Role,
        on relation: Relation,
        doing operation: Operation
    ) throws(PostgresError) -> StatementWriter {
        StatementWriter(
            access: context.access,
            connection: connection,
            relation: relation,
            role: context.access.principal(role.oid),
            view: [.update, .upsert, .merge].contains(operation)
                ? try viewColumns(of: relation) : ViewColumns()
        )
    }

    /// What the first attempt at a trial would ask for.
    func foreseen(
        _ trial: Trial,
        as role: Role,
        on relation: Relation
    ) throws(PostgresError) -> StatementAttempt? {
        let writer = try writer(for: role, on: relation, doing: trial.operation)
        let row = draft(for: relation).row
        let pick = StatementWriter.Pick(condition: "true", columns: Set(writer.key), row: .existing)
        let statement =
            trial.operation.bringsRow
            ? try writer.bringing(row, by: trial.operation)
            : try writer.picking(row, by: pick, trial.operation)
        return statement.map {
            StatementAttempt(
                trial.operation,
                role: role,
                relation: relation,
                named: $0.named,
                needs: $0.needs,
                isForcingConstraints: false
            )
        }
    }

    /// Puts the row in place as somebody who may, and picks it by its key.
    private func ownPick(
        _ row: RowDraft.Row,
        _ knowledge: KeyKnowledge,
        _ writer: StatementWriter,
        _ draft: RowDraft
    ) throws(PostgresError) -> StatementWriter.Pick {
        let relation = row.relation
        var placed = row
        if case .drawn = knowledge {
            for column in writer.columns where writer.draws(column) {
                placed.values[column.number] = nil
            }
        }
        let insert = try placed.insert(with: connection, overridesIdentity: true)
        var lines: [String]
        let key = pickingColumns(of: row, writer)
        var condition = try row.condition(on: key, with: connection)
        var columns: Set<Int>? = Set(key)
        if writer.key.isEmpty, [.table, .partitionedTable].contains(relation.kind) {
            // Without a key the row is found where the server has put it.
            lines = [Self.remembering([("ctid", "pgsmoke.row")], of: insert)]
            condition =
                "ctid = pg_catalog.current_setting('pgsmoke.row')::pg_catalog.tid"
                + (condition.map { " AND \($0)" } ?? "")
            columns = nil
        } else if case .given = knowledge {
            lines = [insert]
        } else {
            var parts: [(column: String, parameter: String)] = []
            var conditions: [String] = []
            for (index, column) in writer.numbered(key).enumerated() {
                let (name, parameter) = (try writer.name(column), "pgsmoke.key\(index)")
                parts.append((name, parameter))
                conditions.append(
                    "\(name) = pg_catalog.current_setting('\(parameter)')::\(column.typeName)"
                )
            }
            lines = [Self.remembering(parts, of: insert)]
            condition = conditions.isEmpty ? nil : conditions.joined(separator: " AND ")
        }
        if let condition, context.reach.runsCode(relation.oid) {
            // Code may have made another row of it.
            let target = try row.target(with: connection)
            lines.append("SELECT 1 FROM \(target) WHERE \(condition)")
        }
        let inserter = context.inserter(relation)
        if !draft.following.isEmpty {
            if inserter != nil { lines.append("SET LOCAL ROLE NONE") }
            for step in draft.followingSteps { lines += try self.lines(of: step, in: draft) }
            if let inserter {
                lines.append("SET LOCAL ROLE \(try connection.quoted(identifier: inserter))")
            }
        }
        // What the row leaves deferred is the business of who put it there.
        lines.append("SET CONSTRAINTS ALL IMMEDIATE")
        return StatementWriter.Pick(
            condition: condition,
            columns: columns,
            row: .own(lines: lines, inserter: inserter)
        )
    }

    /// Writes an INSERT that keeps values of its row, as texts, in parameters of the transaction.
    private static func remembering(
        _ values: [(column: String, parameter: String)],
        of insert: String
    ) -> String {
        let returned = values.indices.map { "\(values[$0].column)::pg_catalog.text AS value\($0)" }
        let kept = values.indices.map {
            "pg_catalog.set_config('\(values[$0].parameter)', own.value\($0), true)"
        }
        return "WITH own AS (\(insert) RETURNING \(returned.joined(separator: ", "))) "
            + "SELECT \(kept.joined(separator: ", ")) FROM own"
    }

    /// The columns by which the row is picked: its key or, without one, those of the partition key,
    /// or whatever can be compared where nothing else is known.
    private func pickingColumns(of row: RowDraft.Row, _ writer: StatementWriter) -> [Int] {
        let relation = row.relation
        let key = writer.key
        if !key.isEmpty { return key }
        func isUsable(_ number: Int) -> Bool {
            if case .literal? = row.values[number]?.content { true } else { false }
        }
        if [.table, .partitionedTable].contains(relation.kind) {
            return (context.snapshot.partitionKeys[relation.oid]?.columns ?? []).filter(isUsable)
        }
        return writer.columns.filter { column in
            isUsable(column.number) && context.snapshot.isComparable(column)
        }.map(\.number)
    }

    /// Looks for a row that is there; `nil` if there is none that can be picked.
    func existingRow(
        of relation: Relation,
        for trials: [PendingTrial]
    ) throws(PostgresError) -> ExistingRow? {
        guard let first = trials.first, relation.kind != .view, relation.kind != .foreignTable
        else { return nil }
        let writer = try writer(for: first, on: relation)
        let key = writer.numbered(writer.key)
        guard !key.isEmpty || relation.kind == .table else { return nil }
        var shown = ["ctid::pg_catalog.text"]
        if !key.isEmpty {
            shown = []
            for column in key { shown.append("\(try writer.name(column))::pg_catalog.text") }
        }
        var picked = draft(for: relation).row
        picked.values = [:]
        let target = try picked.target(with: connection)
        let query = "SELECT \(shown.joined(separator: ", ")) FROM \(target) LIMIT 1"
        guard let row = try lookup.rows(of: query, as: lookup.reader(relation))?.first
        else {
            return nil
        }
        guard !key.isEmpty else { return ExistingRow(picked, at: row[0]) }
        for (column, text) in zip(key, row) {
            guard let text else { return nil }
            picked.values[column.number] = RowValue(.literal(text), from: .existingRow)
        }
        return ExistingRow(picked)
    }
}
