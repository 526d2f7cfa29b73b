internal import Catalog
package import Postgres
internal import Trials

extension RowDraft.Row {
    /// Writes the row as an INSERT.
    ///
    /// Scaffold rows override identity columns, tried rows never do.
    package func insert(
        with connection: Connection,
        overridesIdentity: Bool = false
    ) throws(PostgresError) -> String {
        let target = try target(with: connection)
        guard !values.isEmpty else { return "INSERT INTO \(target) DEFAULT VALUES" }
        let (names, contents) = try lists(with: connection)
        let overriding = overridesIdentity ? " OVERRIDING SYSTEM VALUE" : ""
        return "INSERT INTO \(target) (\(names))\(overriding) VALUES (\(contents))"
    }

    /// Writes the INSERT so that it asks for the privileges and touches no row; `nil` if there is no
    /// column to name, since DEFAULT VALUES always makes one.
    package func insertOfNothing(with connection: Connection) throws(PostgresError) -> String? {
        guard !values.isEmpty else { return nil }
        let (names, contents) = try lists(with: connection)
        return
            "INSERT INTO \(try target(with: connection)) (\(names)) SELECT \(contents) WHERE false"
    }

    /// The relation's quoted name.
    package func target(with connection: Connection) throws(PostgresError) -> String {
        try connection.quoted(identifier: relation.name, in: relation.schema)
    }

    /// The quoted names of the row's columns, and what they are to hold.
    package func lists(
        with connection: Connection
    ) throws(PostgresError) -> (names: String, contents: String) {
        var names: [String] = []
        var contents: [String] = []
        for (number, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let name = columnNames[number] else { continue }
            names.append(try connection.quoted(identifier: name))
            contents.append(try value.content.sql(with: connection))
        }
        return (names.joined(separator: ", "), contents.joined(separator: ", "))
    }

    /// The quoted name of a column.
    package func column(
        _ number: Int,
        with connection: Connection
    ) throws(PostgresError) -> String? {
        guard let name = columnNames[number] else { return nil }
        return try connection.quoted(identifier: name)
    }

    /// Writes a condition that picks rows with the row's own values in some columns.
    package func condition(
        on columns: [Int],
        with connection: Connection
    ) throws(PostgresError) -> String? {
        var conditions: [String] = []
        for number in columns {
            guard let value = values[number], let column = try column(number, with: connection)
            else { return nil }
            conditions.append(
                value.content == .null
                    ? "\(column) IS NULL"
                    : "\(column) = \(try value.content.sql(with: connection))"
            )
        }
        return conditions.isEmpty ? nil : conditions.joined(separator: " AND ")
    }

    /// The INSERT for readers, on one line: each column with the source of its value, no value.
    package var described: String { described(showingValues: false) }

    /// The INSERT for readers, with the values only if the user asked for them.
    package func described(showingValues: Bool) -> String {
        let target = "\(Identifier.sql(relation.schema)).\(Identifier.sql(relation.name))"
        let list = values.sorted { $0.key < $1.key }.compactMap { number, value in
            columnNames[number].map { name in
                let shown = showingValues ? "\(value.content.displayed), " : ""
                return "\(Identifier.sql(name)): \(shown)\(value.source.rawValue)"
            }
        }
        let row = list.isEmpty ? "DEFAULT VALUES" : "(\(list.joined(separator: ", ")))"
        return PrintableText.line("INSERT INTO \(target) \(row)")
    }
}

extension RowValue.Content {
    /// The value as it is sent.
    package func sql(with connection: Connection) throws(PostgresError) -> String {
        switch self {
        case .literal(let text): try connection.quoted(literal: text)
        case .expression(let expression): expression
        case .drawn(let sequence): try Self.currentValue(of: sequence, with: connection)
        case .null: "NULL"
        }
    }

    /// The value for readers, as SQL.
    var displayed: String {
        switch self {
        case .literal(let text): "'\(PrintableText.line(text).replacing(scalar: "'", with: "''"))'"
        case .expression(let expression): PrintableText.line(expression)
        case .drawn: "currval(…)"
        case .null: "NULL"
        }
    }

    private static func currentValue(
        of sequence: Relation,
        with connection: Connection
    ) throws(PostgresError) -> String {
        let name = try connection.quoted(identifier: sequence.name, in: sequence.schema)
        return "pg_catalog.currval(\(try connection.quoted(literal: name)))"
    }
}

extension RowDraft {
    /// Takes the row away that triggers of the scaffold have made in the place of the tried one, or
    /// that stands in its way in a full table.
    ///
    /// The former's key holds a value of the scaffold's own, so that no row of anybody else's is met.
    package func clearing(with connection: Connection) throws(PostgresError) -> String? {
        if let vacancy {
            let condition = try vacancy.condition(with: connection)
            return "DELETE FROM ONLY \(try vacancy.row.target(with: connection)) WHERE \(condition)"
        }
        guard cleared.allSatisfy({ row.values[$0]?.source == .scaffold }),
            let condition = try row.condition(on: cleared.sorted(), with: connection)
        else { return nil }
        return "DELETE FROM ONLY \(try row.target(with: connection)) WHERE \(condition)"
    }

    /// Writes the rows of a step as one statement, a ring as one whose keys are checked at its end.
    package func insert(
        _ step: Range<Int>,
        with connection: Connection
    ) throws(PostgresError) -> String {
        var inserts: [String] = []
        for index in step {
            inserts.append(try scaffold[index].insert(with: connection, overridesIdentity: true))
        }
        let last = inserts.removeLast()
        guard !inserts.isEmpty else { return last }
        let others = inserts.enumerated().map { "\"pgsmoke \($0.offset)\" AS (\($0.element))" }
        return "WITH \(others.joined(separator: ", ")) \(last)"
    }
}
