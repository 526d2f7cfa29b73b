internal import Catalog
internal import Postgres

/// Values that a row-security policy asks for by an equality with a column.
struct PolicyValues {
    /// The other side of each `column = expression` that must hold, by column name.
    private(set) var expressions: [String: String] = [:]

    /// Reads a condition as the server deparses it: equalities joined by AND at the outermost level.
    ///
    /// Whatever is not such an equality is passed over: the server will judge the row anyway.
    init(_ condition: String) {
        for part in DeparsedText.split(DeparsedText.unwrapped(condition), at: " AND ") {
            let sides = DeparsedText.split(DeparsedText.unwrapped(part), at: " = ")
            guard sides.count == 2 else { continue }
            for (name, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                guard let column = Self.columnName(name) else { continue }
                expressions[column] = other
                break
            }
        }
    }

    private static func columnName(_ text: String) -> String? {
        var name = DeparsedText.unwrapped(text)
        // `(name)::text = …` compares the column all the same.
        if let cast = name.firstRange(of: "::") {
            name = DeparsedText.unwrapped(String(name[..<cast.lowerBound]))
        }
        if name.hasPrefix("\""), name.hasSuffix("\""), name.count > 2 {
            return String(name.dropFirst().dropLast().replacing("\"\"", with: "\""))
        }
        // The server writes keywords such as CURRENT_USER in capitals, and quotes such columns.
        let isPlain = name.allSatisfy { $0 == "_" || $0.isNumber || $0.isLetter && !$0.isUppercase }
        let isConstant = ["true", "false"].contains(name) || name.first?.isNumber == true
        return isPlain && !isConstant && !name.isEmpty ? name : nil
    }
}

extension Lookup {
    /// The values that the policies ask for, as far as they can be written as values.
    ///
    /// - Throws: `connectionLost`.
    func policyValues(
        of relation: Relation,
        for role: RowSearch.RoleUnderTrial = RowSearch.RoleUnderTrial()
    ) throws(PostgresError) -> [Int: RowValue] {
        var values: [Int: RowValue] = [:]
        for policy in snapshot.policies[relation.oid] ?? []
        where role.isSubject(to: policy) {
            let wanted = role.commands.flatMap(policy.conditions)
                .reduce(into: [String: String]()) { wanted, condition in
                    wanted.merge(PolicyValues(condition).expressions) { first, _ in first }
                }
            for column in snapshot.columns[relation.oid] ?? [] {
                guard let expression = wanted[column.name] else { continue }
                // A list for ANY or another column is none; nothing is evaluated here.
                let isValue = "SELECT (\(expression)) WHERE false"
                guard try rows(of: isValue, as: .connectingRole) != nil else { continue }
                values[column.number] = RowValue(.expression("(\(expression))"), from: .policy)
            }
        }
        return values
    }
}
