internal import Catalog
internal import Postgres

/// The statements by which an expression is read alone, so that it can be pasted where a value stands.
///
/// What closes the parenthesis too early has to go on as a query in the first, as a row of VALUES in
/// the next two and as a condition in the last; only an operator can, and that makes it one value
/// again. The line breaks end a comment.
struct ExpressionFrames {
    /// The query whose one column the expression must be.
    let query: String
    let statements: [String]

    /// Returns `nil` if the column is gone.
    init?(
        _ expression: String,
        for column: Int,
        of relation: OID,
        in snapshot: Snapshot,
        with connection: Connection
    ) throws(PostgresError) {
        guard let relation = snapshot.relations[relation],
            let column = snapshot.column(column, of: relation.oid)
        else { return nil }
        let table = try connection.quoted(identifier: relation.name, in: relation.schema)
        let name = try connection.quoted(identifier: column.name)
        query = "SELECT (\n\(expression)\n)"
        statements = [
            query, "VALUES ((\n\(expression)\n))",
            "INSERT INTO \(table) (\(name)) VALUES ((\n\(expression)\n))",
            "SELECT WHERE (\n\(expression)\n) IS NULL",
        ]
    }
}
