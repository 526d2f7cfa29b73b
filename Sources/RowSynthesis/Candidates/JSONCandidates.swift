internal import Catalog

/// JSON of every kind, and objects with the keys that constraints ask for; hstore values likewise.
struct JSONCandidates {
    let type: DataType

    /// The documents that suit what constraints say of JSON.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        guard ["json", "jsonb", "hstore"].contains(type.name) else { return [] }
        let keys = Self.keys(in: hints)
        let texts = type.name == "hstore" ? Self.pairs(keys) : Self.documents(keys)
        return texts.map { Candidate(content: .literal($0), source: .json) }
    }

    /// The words that may be keys, or stand behind them.
    private static func keys(in hints: [Harvest]) -> [String] {
        let kinds: Set<String> = ["object", "array", "string", "number", "boolean", "null"]
        var keys: [String] = []
        for constant in hints.flatMap(\.constants) where !constant.isNumber {
            guard !kinds.contains(constant.text), !constant.text.hasPrefix("{"),
                !keys.contains(constant.text), constant.text.count < 100
            else { continue }
            keys.append(constant.text)
        }
        return keys
    }

    /// All keys at once, and each with each of the others behind it (manual, F.17, hstore).
    private static func pairs(_ keys: [String]) -> [String] {
        func pairs(_ value: (String) -> String) -> String {
            keys.map { "\(quoted($0))=>\(value($0))" }.joined(separator: ", ")
        }
        guard !keys.isEmpty else { return [] }
        var texts = ["\"a\"", "1", "true"].map { value in pairs { _ in value } }
        for key in keys.prefix(4) {
            for value in keys.prefix(6) where value != key {
                texts.append(pairs { $0 == key ? quoted(value) : "1" })
            }
        }
        return texts
    }

    private static func documents(_ keys: [String]) -> [String] {
        var texts = ["{}", "[]", "\"a\"", "1", "true", "[1]", "[\"a\"]", "[{}]"]
        if !keys.isEmpty {
            for value in ["\"a\"", "1", "{}", "[]", "true", "[\"a\"]", "\"2020-01-01\""] {
                texts.append(object(keys) { _ in value })
            }
            // Constants can be keys or what stands behind them.
            for key in keys.prefix(4) {
                for value in keys.prefix(6) where value != key {
                    texts.append(object(keys) { $0 == key ? quoted(value) : "\"a\"" })
                }
                texts.append(object([key]) { _ in "1" })
            }
        }
        return texts
    }

    private static func object(_ keys: [String], _ value: (String) -> String) -> String {
        "{\(keys.map { "\(quoted($0)): \(value($0))" }.joined(separator: ", "))}"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
