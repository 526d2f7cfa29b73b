internal import Catalog
internal import Trials

/// Values of the lengths that constraints speak of.
struct LengthCandidates {
    let snapshot: Snapshot
    let type: DataType

    /// A value of each length.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        let isUpper = hints.contains { $0.names.contains("upper") } && type.category == "S"
        return Self.lengths(in: hints).compactMap(value).map {
            Candidate(content: .literal(isUpper ? $0.uppercased() : $0), source: .length)
        }
    }

    /// The lengths that the texts speak of, and their neighbours.
    static func lengths(in hints: [Harvest]) -> [Int] {
        var lengths: [Int] = []
        for harvest in hints where !harvest.names.isDisjoint(with: functions) {
            let numbers = harvest.constants.compactMap { Int($0.text) }.filter {
                (0...4_000).contains($0)
            }
            for number in numbers {
                for length in [number, number + 1, number - 1]
                where length >= 0 && !lengths.contains(length) {
                    lengths.append(length)
                }
            }
        }
        return lengths
    }

    private static let functions: Set<String> = [
        "length", "char_length", "character_length", "octet_length", "bit_length", "cardinality",
        "array_length", "array_upper", "jsonb_array_length", "json_array_length",
        "masklen",
    ]

    private func value(_ length: Int) -> String? {
        switch type.form {
        case .array(let element):
            guard length <= 64,
                let content = TypeSample(snapshot: snapshot).value(
                    of: element,
                    modifier: -1,
                    fresh: nil
                ),
                case .literal(let text) = content
            else { return nil }
            let quoted =
                "\"\(text.replacing(scalar: "\\", with: "\\\\").replacing(scalar: "\"", with: "\\\""))\""
            return "{\(Array(repeating: quoted, count: length).joined(separator: ","))}"
        case .base where type.category == "S":
            let pattern = "pgsmoke"
            return String(
                String(repeating: pattern, count: length / pattern.count + 1).prefix(length)
            )
        case .base where type.name == "bytea": return "\\x" + String(repeating: "5a", count: length)
        case .base where ["inet", "cidr"].contains(type.name):
            guard (1...128).contains(length) else { return nil }
            return length > 32 ? "2001:db8::/\(length)" : "10.0.0.0/\(max(8, length))"
        case .base where ["bit", "varbit"].contains(type.name):
            return String(repeating: "1", count: length)
        case .base where ["json", "jsonb"].contains(type.name):
            return "[\(Array(repeating: "1", count: min(length, 64)).joined(separator: ","))]"
        default: return nil
        }
    }
}
