/// Cuts in SQL that the server deparsed, outside parentheses, literals and quoted names.
///
/// This knows no grammar: it is enough that the server puts every operand of AND, OR and comparisons
/// into parentheses.
enum DeparsedText {
    private typealias Bytes = ArraySlice<UInt8>

    /// Takes off parentheses that enclose the whole text.
    static func unwrapped(_ text: String) -> String {
        String(decoding: unwrapped(Bytes(text.utf8)), as: UTF8.self)
    }

    /// Splits at a separator that stands at the outermost level.
    static func split(_ text: String, at separator: String) -> [String] {
        split(Bytes(text.utf8), at: Array(separator.utf8))
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The conditions that must all hold: the operands of AND, at whatever depth only AND encloses.
    static func conjuncts(of condition: String) -> [String] {
        conjuncts(of: Bytes(condition.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func conjuncts(of condition: Bytes) -> [Bytes] {
        let whole = unwrapped(condition)
        // A top-level CASE holds its own ANDs in parentheses, BETWEEN is deparsed as two comparisons.
        let parts = split(whole, at: and)
        return parts.count > 1 ? parts.flatMap { conjuncts(of: $0) } : [whole]
    }

    private static let and = Array(" AND ".utf8)

    private static func unwrapped(_ text: Bytes) -> Bytes {
        var text = text
        while text.first == UInt8(ascii: "("), text.last == UInt8(ascii: ")") {
            var scan = Scan()
            let closes = text.indices.first { index in
                scan.pass(text[index])
                return scan.isOutermost
            }
            guard closes == text.endIndex - 1 else { break }
            text = text.dropFirst().dropLast()
        }
        return text
    }

    private static func split(_ text: Bytes, at separator: [UInt8]) -> [Bytes] {
        var parts: [Bytes] = []
        var scan = Scan()
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            if scan.isOutermost, text[index] == separator[0],
                text[index...].starts(with: separator)
            {
                parts.append(text[start..<index])
                index += separator.count
                start = index
            } else {
                scan.pass(text[index])
                index += 1
            }
        }
        return parts + [text[start...]]
    }

    /// Follows parentheses and quotes.
    private struct Scan {
        private var depth = 0
        private var quote: UInt8?

        var isOutermost: Bool { depth == 0 && quote == nil }

        mutating func pass(_ byte: UInt8) {
            if let open = quote {
                if byte == open { quote = nil }
                return
            }
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
    }
}
