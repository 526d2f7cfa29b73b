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
        let schema = try connection.quoted(identifier: relation.schema)
        let target = "\(schema).\(try connection.quoted(identifier: relation.name))"
        guard !values.isEmpty else { return "INSERT INTO \(target) DEFAULT VALUES" }
        var names: [String] = []
        var contents: [String] = []
        for (number, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let name = columnNames[number] else { continue }
            names.append(try connection.quoted(identifier: name))
            switch value.content {
            case .literal(let text): contents.append(try connection.quoted(literal: text))
            case .expression(let expression): contents.append(expression)
            case .null: contents.append("NULL")
            }
        }
        let overriding = overridesIdentity ? " OVERRIDING SYSTEM VALUE" : ""
        return "INSERT INTO \(target) (\(names.joined(separator: ", ")))\(overriding) "
            + "VALUES (\(contents.joined(separator: ", ")))"
    }

    /// The INSERT for readers: each column with the source of its value, no value.
    package var described: String {
        let target = relation.objectName.displayed
        guard !values.isEmpty else { return "INSERT INTO \(target) DEFAULT VALUES" }
        let list = values.sorted { $0.key < $1.key }.compactMap { number, value in
            columnNames[number].map { "\(Identifier.displayed($0)): \(value.source.rawValue)" }
        }
        return "INSERT INTO \(target) (\(list.joined(separator: ", ")))"
    }
}
