package import Postgres

/// The highest, or lowest, values in columns that sequences feed.
package struct ColumnExtremes: Sendable {
    /// A column, and which of its ends is asked for.
    package struct Question: Sendable, Hashable {
        package let place: Reach.Place
        package let schema: String
        package let relation: String
        package let column: String
        package let isLowest: Bool

        package init(_ column: Column, of relation: Relation, isLowest: Bool) {
            place = Reach.Place(relation: relation.oid, column: column.number)
            schema = relation.schema
            self.relation = relation.name
            self.column = column.name
            self.isLowest = isLowest
        }
    }

    /// What a table without rows, or one that could not be read, has no entry in.
    package private(set) var values: [Reach.Place: Int] = [:]

    package init() {}

    /// As many tables are asked at a time: each stays locked until the statement's end, and the
    /// table of locks is everybody's.
    private static let batch = 50

    /// Asks the tables; one that somebody holds locked, or that takes longer than 5 s, is left out.
    ///
    /// - Throws: `connectionLost`.
    package static func read(
        _ questions: [Question],
        from connection: Connection
    ) throws(PostgresError) -> ColumnExtremes {
        var extremes = ColumnExtremes()
        var rest = questions[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batch))
            rest = rest.dropFirst(Self.batch)
            guard try !extremes.ask(batch, connection), batch.count > 1 else { continue }
            for question in batch { _ = try extremes.ask([question], connection) }
        }
        return extremes
    }

    /// Returns whether all of them could be asked.
    private mutating func ask(
        _ questions: [Question],
        _ connection: Connection
    ) throws(PostgresError) -> Bool {
        var queries: [String] = []
        for (number, question) in questions.enumerated() {
            let column = try connection.quoted(identifier: question.column)
            let name = try connection.quoted(identifier: question.relation, in: question.schema)
            let end = question.isLowest ? "min" : "max"
            queries.append(
                "SELECT \(number), (SELECT pg_catalog.\(end)(\(column)) FROM \(name))"
            )
        }
        var found: [Reach.Place: Int] = [:]
        do throws(PostgresError) {
            try connection.query(
                [
                    "BEGIN READ ONLY", "SET LOCAL statement_timeout = '5s'",
                    "SET LOCAL lock_timeout = '500ms'",
                    queries.joined(separator: "\nUNION ALL\n"), "COMMIT",
                ]
            ) { index, rows in
                guard index == 3 else { return }
                for row in 0..<rows.count {
                    if let value = rows.text(row, 1).flatMap({ Int($0) }) {
                        found[questions[rows.integer(row, 0)].place] = value
                    }
                }
            }
        } catch {
            guard case .server = error else { throw error }
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            return false
        }
        values.merge(found) { $1 }
        return true
    }
}
