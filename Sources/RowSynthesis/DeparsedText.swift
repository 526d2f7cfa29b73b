/// Cuts in SQL that the server deparsed, outside parentheses, literals and quoted names.
///
/// This knows no grammar: it is enough that the server puts every operand of AND, OR and comparisons
/// into parentheses.
enum DeparsedText {
    /// Takes off parentheses that enclose the whole text.
    static func unwrapped(_ text: String) -> String {
        var text = text
        while text.hasPrefix("("), text.hasSuffix(")") {
            var scan = Scan()
            let closes = text.indices.first { index in
                scan.pass(text[index])
                return scan.isOutermost
            }
            guard let closes, text.index(after: closes) == text.endIndex else { break }
            text = String(text.dropFirst().dropLast())
        }
        return text
    }

    /// Splits at a separator that stands at the outermost level.
    static func split(_ text: String, at separator: String) -> [String] {
        var parts = [""]
        var scan = Scan()
        var rest = Substring(text)
        while let character = rest.first {
            if scan.isOutermost, rest.hasPrefix(separator) {
                parts.append("")
                rest.removeFirst(separator.count)
                continue
            }
            scan.pass(character)
            parts[parts.endIndex - 1].append(character)
            rest.removeFirst()
        }
        return parts
    }

    /// The conditions that must all hold: the operands of AND, at whatever depth only AND encloses.
    static func conjuncts(of condition: String) -> [String] {
        let whole = unwrapped(condition)
        // A top-level CASE holds its own ANDs in parentheses, BETWEEN is deparsed as two comparisons.
        let parts = split(whole, at: " AND ")
        guard parts.count > 1 else { return [whole] }
        return parts.flatMap(conjuncts)
    }

    /// Follows parentheses and quotes.
    private struct Scan {
        private var depth = 0
        private var quote: Character?

        var isOutermost: Bool { depth == 0 && quote == nil }

        mutating func pass(_ character: Character) {
            if let open = quote {
                if character == open { quote = nil }
                return
            }
            switch character {
            case "'", "\"": quote = character
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            default: break
            }
        }
    }
}
