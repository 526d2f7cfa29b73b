internal import Catalog

/// JSON of every kind, and objects with the keys that constraints ask for.
struct JSONCandidates {
    let type: DataType

    /// The documents that suit what constraints say of JSON.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        guard ["json", "jsonb"].contains(type.name) else { return [] }
        let kinds: Set<String> = ["object", "array", "string", "number", "boolean", "null"]
        var keys: [String] = []
        for constant in hints.flatMap(\.constants) where !constant.isNumber {
            guard !kinds.contains(constant.text), !constant.text.hasPrefix("{"),
                !keys.contains(constant.text), constant.text.count < 100
            else { continue }
            keys.append(constant.text)
        }
        var texts = ["{}", "[]", "\"a\"", "1", "true", "[1]", "[\"a\"]", "[{}]"]
        if !keys.isEmpty {
            for value in ["\"a\"", "1", "{}", "[]", "true", "[\"a\"]", "\"2020-01-01\""] {
                texts.append(Self.object(keys) { _ in value })
            }
            // Constants can be keys or what stands behind them.
            for key in keys.prefix(4) {
                for value in keys.prefix(6) where value != key {
                    texts.append(Self.object(keys) { $0 == key ? Self.quoted(value) : "\"a\"" })
                }
                texts.append(Self.object([key]) { _ in "1" })
            }
        }
        return texts.map { Candidate(content: .literal($0), source: .json) }
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
