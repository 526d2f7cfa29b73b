internal import Catalog

/// A value that is made of parts of which conditions speak one by one, such as the fields of a
/// composite value or the keys of a JSON document.
///
/// The server puts it together: of each part it takes what suits the conditions on that part alone,
/// and of these what suits the conditions on several parts.
struct PartedValue {
    /// What one part may be, as SQL, the best first.
    var parts: [[String]]
    /// The conditions that speak of parts, and of which.
    var conditions: [(text: String, parts: Set<Int>)]
    /// The alias under which conditions know the row, and the column's name, both quoted.
    var row: String
    var column: String
    /// Writes the whole value, from what stands for each part; `nil` stands for one that is not asked for.
    var whole: ([String?]) -> String

    /// An expression for the whole value, which is NULL if there is none.
    var expression: String? {
        guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let sources = parts.indices.map { part in
            "(\(choice(of: part))) AS \"pgsmoke part \(part)\" (\(value(part)))"
        }
        let joint = conditions.filter { $0.parts.count > 1 }.map(\.text)
        let row = "(SELECT \(whole(parts.indices.map(value))) AS \(column)) AS \(row)"
        return "(SELECT \(self.row).\(column) FROM \(sources.joined(separator: " CROSS JOIN "))"
            + " CROSS JOIN LATERAL \(row)\(Self.filter(joint)) LIMIT 1)"
    }

    /// What suits the conditions on one part alone.
    private func choice(of part: Int) -> String {
        let rows = parts[part].map { "(\($0))" }.joined(separator: ", ")
        let list = "(VALUES \(rows)) AS \"pgsmoke choice\" (\(value(part)))"
        let own = conditions.filter { $0.parts == [part] }.map(\.text)
        let alone = whole(parts.indices.map { $0 == part ? value($0) : nil })
        return "SELECT \(value(part)) FROM \(list)"
            + " CROSS JOIN LATERAL (SELECT \(alone) AS \(column)) AS \(row)\(Self.filter(own))"
            // Where several must agree there is a choice.
            + " LIMIT \(conditions.contains { $0.parts.count > 1 && $0.parts.contains(part) } ? 24 : 1)"
    }

    private func value(_ part: Int) -> String { "\"pgsmoke value of \(part)\"" }

    private static func filter(_ conditions: [String]) -> String {
        conditions.isEmpty
            ? "" : " WHERE " + conditions.map { "(\($0)) IS NOT FALSE" }.joined(separator: " AND ")
    }
}
