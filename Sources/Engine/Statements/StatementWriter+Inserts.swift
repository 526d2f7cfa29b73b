internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension StatementWriter {
    /// Writes a statement that brings the row in; `nil` if the row gives it nothing to name.
    ///
    /// Without a row to bring (`isOfNothing`) it asks for the same privileges and touches nothing;
    /// `givingWay`, a plain insert leaves it at that if the row's place is taken.
    func bringing(
        _ row: RowDraft.Row,
        by operation: Operation,
        isOfNothing: Bool = false,
        givingWay: Bool = false
    ) throws(PostgresError) -> TrialStatement? {
        let conflict = givingWay ? " ON CONFLICT DO NOTHING" : ""
        switch operation {
        case .insert:
            guard let insert = try insert(row, isOfNothing) else { return nil }
            return TrialStatement(
                lines: [insert.text + conflict],
                needs: [Need(.insert, on: insert.named)],
                named: insert.named
            )
        case .insertReturning: return try returning(row, isOfNothing, conflict)
        case .upsert: return try upsert(row, isOfNothing)
        case .merge: return try merge(row, isOfNothing)
        case .copy: return try copy(row, isOfNothing)
        default: return nil
        }
    }

    private func insert(
        _ row: RowDraft.Row,
        _ isOfNothing: Bool
    ) throws(PostgresError) -> (text: String, named: Set<Int>)? {
        guard isOfNothing else {
            return (try row.insert(with: connection), Set(row.values.keys))
        }
        let row = narrowed(row)
        return try row.insertOfNothing(with: connection).map { ($0, Set(row.values.keys)) }
    }

    /// The row with what the role may fill, for whoever must not: a privilege on single columns is
    /// one too many.
    func narrowed(_ row: RowDraft.Row) -> RowDraft.Row {
        guard isNarrowed(.insert) else { return row }
        var row = row
        row.values = row.values.filter { number, _ in
            numbered([number]).contains { access.has(role, .insert, on: $0, of: relation) }
        }
        if row.values.isEmpty,
            let column = granted(.insert, among: columns.filter { !$0.isComputed }).first
        {
            row.values[column.number] = RowValue(.null, from: .null)
        }
        return row
    }

    /// What nearly every ORM sends: the key comes back.
    private func returning(
        _ row: RowDraft.Row,
        _ isOfNothing: Bool,
        _ conflict: String
    ) throws(PostgresError) -> TrialStatement? {
        guard let insert = try insert(row, isOfNothing) else { return nil }
        let returned = key.isEmpty ? granted(.select, among: columns) : numbered(key)
        let list = returned.isEmpty ? "1" : try names(returned)
        return TrialStatement(
            lines: ["\(insert.text)\(conflict) RETURNING \(list)"],
            needs: [
                Need(.insert, on: insert.named), Need(.select, on: Set(returned.map(\.number))),
            ],
            named: insert.named,
            remark: key.isEmpty ? remark(.select, returned) : nil
        )
    }

    /// The unique key to match rows by: one whose values are known, else the first.
    private func arbiter(for row: RowDraft.Row) -> (key: [Int], isKnown: Bool)? {
        let keys = snapshot.arbiters(of: relation)
        func isKnown(_ key: [Int]) -> Bool {
            key.allSatisfy { row.values[$0].map { $0.content != .null } ?? false }
        }
        return keys.first(where: isKnown).map { ($0, true) } ?? keys.first.map { ($0, false) }
    }

    /// An insert that becomes an update where the key is taken: sent twice where the key is known, so
    /// that both are tried.
    private func upsert(
        _ row: RowDraft.Row,
        _ isOfNothing: Bool
    ) throws(PostgresError) -> TrialStatement? {
        guard let insert = try insert(row, isOfNothing), let (key, isKnown) = arbiter(for: row)
        else { return nil }
        let set = updatable(row).filter { !key.contains($0.number) }
        let target = set.isEmpty ? updatable(row) : set
        guard !target.isEmpty else { return nil }
        var parts: [String] = []
        for column in target {
            let name = try name(column)
            parts.append("\(name) = EXCLUDED.\(name)")
        }
        let text =
            "\(insert.text) ON CONFLICT (\(try names(numbered(key)))) "
            + "DO UPDATE SET \(parts.joined(separator: ", "))"
        let written = Set(target.map(\.number))
        return TrialStatement(
            lines: isKnown && !isOfNothing ? [text, text] : [text],
            needs: [
                Need(.insert, on: insert.named), Need(.select, on: written.union(key)),
                Need(.update, on: written),
            ],
            named: insert.named,
            remark: remark(.update, target)
        )
    }

    /// A MERGE that inserts the row and, where its key is known, one more that updates it.
    private func merge(
        _ row: RowDraft.Row,
        _ isOfNothing: Bool
    ) throws(PostgresError) -> TrialStatement? {
        guard let (key, isKnown) = arbiter(for: row) else { return nil }
        let target = updatable(row)
        guard !target.isEmpty else { return nil }
        var conditions: [String] = []
        for column in numbered(key) {
            let own = "pgsmoke_target.\(try name(column))"
            conditions.append(
                isKnown
                    ? "\(own) = \(try value(of: column, in: row))" : "\(own) IS NULL"
            )
        }
        let (names, contents) = try row.lists(with: connection)
        let insert =
            row.values.isEmpty ? "INSERT DEFAULT VALUES" : "INSERT (\(names)) VALUES (\(contents))"
        let source = isOfNothing ? "SELECT 1 WHERE false" : "SELECT 1"
        let text =
            "MERGE INTO \(try row.target(with: connection)) AS pgsmoke_target USING (\(source)) "
            + "AS pgsmoke_source ON \(conditions.joined(separator: " AND ")) "
            + "WHEN MATCHED THEN UPDATE SET \(try assignments(target, in: row)) "
            + "WHEN NOT MATCHED THEN \(insert)"
        return TrialStatement(
            lines: isKnown && !isOfNothing ? [text, text] : [text],
            needs: [
                Need(.insert, on: Set(row.values.keys)), Need(.select, on: Set(key)),
                Need(.update, on: Set(target.map(\.number))),
            ],
            named: Set(row.values.keys),
            remark: remark(.update, target)
        )
    }

    /// The row with a column to name, if it names none: one that may be NULL, or its default.
    func named(_ row: RowDraft.Row) -> RowDraft.Row {
        guard row.values.isEmpty else { return row }
        var row = row
        let free = columns.filter { !$0.isComputed && !draws($0) }
        if let idle = free.first(where: { !$0.isNotNull && !$0.hasDefault }) {
            row.values[idle.number] = RowValue(.null, from: .null)
        } else if let column = free.first(where: { $0.defaultExpression != nil }) {
            let expression = column.defaultExpression ?? "NULL"
            row.values[column.number] = RowValue(.expression(expression), from: .columnDefault)
        }
        return row
    }

    /// One row for COPY … FROM STDIN, whose values must be literals.
    private func copy(
        _ row: RowDraft.Row,
        _ isOfNothing: Bool
    ) throws(PostgresError) -> TrialStatement? {
        var row = row
        if row.values.isEmpty {
            guard let column = columns.first(where: { !$0.isComputed }), isOfNothing else {
                return nil
            }
            row.values[column.number] = RowValue(.null, from: .null)
        }
        if isOfNothing { row = narrowed(row) }
        var fields: [String] = []
        for (_, value) in row.values.sorted(by: { $0.key < $1.key }) {
            switch value.content {
            case .literal(let text): fields.append(Self.copied(text))
            case .null: fields.append("\\N")
            case .expression, .drawn: return nil
            }
        }
        let (names, _) = try row.lists(with: connection)
        return TrialStatement(
            lines: ["COPY \(try row.target(with: connection)) (\(names)) FROM STDIN"],
            copied: isOfNothing ? "" : fields.joined(separator: "\t") + "\n",
            needs: [Need(.insert, on: Set(row.values.keys))],
            named: Set(row.values.keys)
        )
    }

    /// A field in the text format of COPY (manual, COPY, File Formats).
    ///
    /// All signs are written by their octal numbers: to `psql`, which takes the data of a COPY that is
    /// refused for SQL, they must not open a string or a comment.
    private static func copied(_ text: String) -> String {
        var field = ""
        for scalar in text.unicodeScalars {
            if !scalar.isASCII || scalar.properties.isAlphabetic
                || " _.0123456789".contains(Character(scalar))
            {
                field.unicodeScalars.append(scalar)
            } else {
                let octal = String(scalar.value, radix: 8)
                field += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
            }
        }
        return field
    }
}
