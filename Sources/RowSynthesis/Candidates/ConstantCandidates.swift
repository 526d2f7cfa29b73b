internal import Catalog
internal import Trials

/// Values from the constants that stand in constraints and in the functions that they call.
struct ConstantCandidates {
    let snapshot: Snapshot
    let type: DataType

    /// The constants that the column's type can read, the nearest kin of its type first.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        var plain: [Candidate] = []
        var around: [Candidate] = []
        for constant in hints.flatMap(\.constants) {
            guard let isSafe = fits(constant) else { continue }
            plain.append(
                Candidate(content: .literal(constant.text), source: .constant, isSafe: isSafe)
            )
            around += neighbours(of: constant)
        }
        return plain + around
    }

    /// The constants of a whole condition that lists all that a column may be.
    ///
    /// `nil` if the condition is no such list.
    static func closedList(
        of condition: Condition,
        for column: Column,
        _ type: DataType
    ) -> [String]? {
        // Of an array such a list says what one element is.
        if case .array = type.form { return nil }
        guard condition.columns == [column.number], let harvest = condition.hints.first else {
            return nil
        }
        guard !harvest.constants.isEmpty, harvest.words.count(where: { $0 == "=" }) == 1,
            harvest.words.count(where: { $0 == column.name }) == 1,
            harvest.words.allSatisfy({ $0 == column.name || wordsOfLists.contains($0) }),
            condition.text.holds(" = "),
            // What stands at one place of a value is not all of it.
            !zip(harvest.words, harvest.words.dropFirst()).contains(where: {
                $0 == column.name && $1 == "["
            })
        else { return nil }
        let isArrayLiteral = harvest.constants.contains { $0.type?.hasSuffix("[]") ?? false }
        return isArrayLiteral ? nil : harvest.constants.map(\.text)
    }

    private static let wordsOfLists: Set<String> = ["=", "ANY", "ARRAY", "(", ")", "[", "]", ","]

    /// Whether the type reads a text, or may.
    func reads(_ text: String) -> Bool {
        let constant = Harvest.Constant(
            text: text,
            type: nil,
            isNumber: Double(text) != nil,
            before: "",
            compared: ""
        )
        return fits(constant) != nil || type.name == "bool" && ["true", "false"].contains(text)
    }

    /// Whether the type reads the constant; `nil` if it certainly does not.
    private func fits(_ constant: Harvest.Constant) -> Bool? {
        if case .enumeration = type.form {
            return snapshot.enumLabels[type.oid]?.contains(constant.text) ?? false ? true : nil
        }
        let cast = constant.type.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        if let cast, Self.catalogName(cast) == type.name { return true }
        switch type.category {
        case "S":
            guard !constant.before.contains("~"), constant.before != "similar_to_escape" else {
                return nil
            }
            return true
        case "N":
            return integer(constant.text) != nil || isDecimal(constant.text)
                ? isInRange(constant.text) : nil
        case "B": return nil
        case "D":
            let looksLikeDate =
                constant.text.count >= 8 && constant.text.prefix(4).allSatisfy(\.isNumber)
                && constant.text.dropFirst(4).first == "-"
            return looksLikeDate ? false : nil
        case "A" where !constant.text.hasPrefix("{"): return nil
        case "C" where !constant.text.hasPrefix("("): return nil
        case "U" where ["json", "jsonb"].contains(type.name) && !Self.isDocument(constant.text):
            return nil
        default:
            return constant.isNumber || cast != nil && cast != "text" ? nil : false
        }
    }

    /// Whether a text looks like JSON.
    static func isDocument(_ text: String) -> Bool {
        ["true", "false", "null"].contains(text) || Double(text) != nil
            || [("{", "}"), ("[", "]"), ("\"", "\"")].contains {
                text.count > 1 && text.hasPrefix($0) && text.hasSuffix($1)
            }
    }

    private func isInRange(_ text: String) -> Bool? {
        switch type.name {
        case "int2":
            return integer(text).map { (-32_768...32_767).contains($0) } ?? false ? true : nil
        case "int4":
            return integer(text).map { (-2_147_483_648...2_147_483_647).contains($0) } ?? false
                ? true : nil
        case "int8", "oid": return integer(text) != nil ? true : nil
        default: return true
        }
    }

    private func neighbours(of constant: Harvest.Constant) -> [Candidate] {
        func literal(_ text: String) -> Candidate {
            Candidate(content: .literal(text), source: .constant)
        }
        switch type.category {
        case "N":
            guard let number = integer(constant.text) else {
                guard let decimal = Double(constant.text), !type.name.hasPrefix("int") else {
                    return []
                }
                return [literal(String(decimal + 0.5)), literal(String(decimal - 0.5))]
            }
            return [number &+ 1, number &- 1].map(String.init)
                .filter { isInRange($0) ?? false }.map(literal)
        case "S":
            guard let number = Int(constant.text) else { return [] }
            return [literal(String(number &+ 1)), literal(String(number &- 1))]
        case "D"
        where fits(constant) != nil && ["date", "timestamp", "timestamptz"].contains(type.name):
            let day = "\(SQLText.literal(constant.text))::pg_catalog.\(type.name)"
            return ["+", "-"].map { sign in
                Candidate(
                    content: .expression(
                        "(\(day) \(sign) '1 day'::pg_catalog.interval)::pg_catalog.\(type.name)",
                        inputs: []
                    ),
                    source: .constant,
                    isSafe: false
                )
            }
        default: return []
        }
    }

    private func integer(_ text: String) -> Int? { Int(text) }

    private func isDecimal(_ text: String) -> Bool {
        !type.name.hasPrefix("int") && Double(text) != nil
            && text.allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
    }

    /// The catalog's name of a type that has another in SQL.
    static func catalogName(_ name: String) -> String {
        // The names of some of the server's own types are keywords.
        if name.hasPrefix("\""), name.hasSuffix("\"") { return String(name.dropFirst().dropLast()) }
        return switch name {
        case "integer": "int4"
        case "bigint": "int8"
        case "smallint": "int2"
        case "character varying": "varchar"
        case "character": "bpchar"
        case "boolean": "bool"
        case "double precision": "float8"
        case "real": "float4"
        case "timestamp without time zone": "timestamp"
        case "timestamp with time zone": "timestamptz"
        case "time without time zone": "time"
        case "time with time zone": "timetz"
        case "bit varying": "varbit"
        default: name
        }
    }
}
