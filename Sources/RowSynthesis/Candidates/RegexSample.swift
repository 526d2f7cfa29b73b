/// Makes texts that a regular expression accepts, as well as can be guessed; the server judges.
///
/// Reads the usual part of PostgreSQL's syntax (manual, 9.7.3): alternatives, groups, classes,
/// quantifiers and escapes. What it does not know it passes over.
struct RegexSample {
    /// Sequences of pieces, one for each alternative.
    private indirect enum Node {
        case set([Character])
        case group([[Piece]])
        case nothing
    }

    private struct Piece {
        var node: Node
        var least: Int
        var most: Int
    }

    private let alternatives: [[Piece]]

    init(_ pattern: String) {
        var parser = Parser(pattern)
        alternatives = parser.alternatives()
    }

    /// Returns up to `limit` different texts: first the shortest, then longer ones and others.
    func texts(limit: Int = 8) -> [String] {
        var texts: [String] = []
        for variant in 0..<(limit * 2) where texts.count < limit {
            let text = Self.text(of: alternatives, variant: variant, depth: 0)
            if text.count <= 4_000, !texts.contains(text) { texts.append(text) }
        }
        return texts
    }

    private static func text(of alternatives: [[Piece]], variant: Int, depth: Int) -> String {
        guard !alternatives.isEmpty, depth < 12 else { return "" }
        let pieces = alternatives[variant % alternatives.count]
        // The alternatives take turns before the lengths do.
        let step = variant / max(1, alternatives.count)
        var text = ""
        for piece in pieces {
            let spread = min(piece.most - piece.least, [0, 1, 3, 2, 8, 16, 5][step % 7])
            for turn in 0..<max(0, piece.least + spread) {
                switch piece.node {
                case .set(let characters):
                    guard !characters.isEmpty else { continue }
                    text.append(characters[(step + turn) % characters.count])
                case .group(let inner):
                    text += Self.text(of: inner, variant: variant + turn, depth: depth + 1)
                case .nothing: break
                }
            }
        }
        return text
    }

    private struct Parser {
        private var rest: Substring

        init(_ pattern: String) {
            rest = Substring(pattern)
            // Embedded options and the director for advanced expressions.
            if rest.hasPrefix("***") { rest.removeFirst(min(4, rest.count)) }
            if rest.hasPrefix("(?"), let end = rest.firstIndex(of: ")"),
                rest.dropFirst(2).prefix(upTo: end).allSatisfy(\.isLetter)
            {
                rest = rest[rest.index(after: end)...]
            }
        }

        mutating func alternatives() -> [[Piece]] {
            var alternatives: [[Piece]] = [[]]
            while let next = rest.first, next != ")" {
                rest.removeFirst()
                if next == "|" {
                    alternatives.append([])
                    continue
                }
                guard let node = node(next) else { continue }
                let (least, most) = quantifier()
                alternatives[alternatives.endIndex - 1]
                    .append(Piece(node: node, least: least, most: most))
            }
            return alternatives
        }

        private mutating func node(_ next: Character) -> Node? {
            switch next {
            case "^", "$": return nil
            case ".": return .set(Array("a1Bz-"))
            case "(":
                var isLookaround = false
                if rest.hasPrefix("?:") {
                    rest.removeFirst(2)
                } else if rest.hasPrefix("?") {
                    isLookaround = true
                }
                let inner = alternatives()
                if rest.first == ")" { rest.removeFirst() }
                return isLookaround ? .nothing : .group(inner)
            case "[": return .set(bracket())
            case "\\": return escape()
            default: return .set([next])
            }
        }

        private mutating func escape() -> Node? {
            guard let letter = rest.popFirst() else { return nil }
            switch letter {
            case "A", "Z", "y", "Y", "m", "M", "b", "B": return nil
            case "n": return .set(["\n"])
            case "t": return .set(["\t"])
            default: return .set(Self.shorthand(letter) ?? [letter])
            }
        }

        private static func shorthand(_ letter: Character) -> [Character]? {
            switch letter {
            case "d": Array("0123456789")
            case "w": Array("abcdefghij_0123456789ABC")
            case "s": [" "]
            case "D", "S": Array("abcxyz")
            case "W": Array("-., ")
            default: nil
            }
        }

        private mutating func bracket() -> [Character] {
            var isNegated = false
            if rest.first == "^" {
                isNegated = true
                rest.removeFirst()
            }
            var members: [Character] = []
            var isFirst = true
            while let next = rest.popFirst(), next != "]" || isFirst {
                isFirst = false
                if next == "[", rest.hasPrefix(":"), let end = rest.firstRange(of: ":]") {
                    members += Self.named(
                        String(rest[rest.startIndex..<end.lowerBound].dropFirst())
                    )
                    rest = rest[end.upperBound...]
                } else if next == "\\", let letter = rest.popFirst() {
                    members += Self.shorthand(letter) ?? [letter == "n" ? "\n" : letter]
                } else if rest.first == "-", let end = rest.dropFirst().first, end != "]" {
                    rest.removeFirst(2)
                    members += Self.range(next, end)
                } else {
                    members.append(next)
                }
            }
            guard isNegated else { return members }
            return Array("aZ5-_. b,x").filter { !members.contains($0) }
        }

        private static func named(_ name: String) -> [Character] {
            switch name {
            case "alpha", "lower": Array("abcdefghijklmnopqrstuvwxyz")
            case "upper": Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            case "digit": Array("0123456789")
            case "xdigit": Array("0123456789abcdef")
            case "alnum", "word": Array("abcdefghij0123456789")
            case "space", "blank": [" "]
            case "punct": Array(".,-")
            default: Array("abc123")
            }
        }

        private static func range(_ from: Character, _ to: Character) -> [Character] {
            guard let low = from.unicodeScalars.first?.value,
                let high = to.unicodeScalars.first?.value,
                low <= high
            else { return [from] }
            return (low...min(high, low + 63)).compactMap { Unicode.Scalar($0).map(Character.init) }
        }

        private mutating func quantifier() -> (least: Int, most: Int) {
            var bounds = (least: 1, most: 1)
            switch rest.first {
            case "*": bounds = (0, 64)
            case "+": bounds = (1, 64)
            case "?": bounds = (0, 1)
            case "{":
                guard let end = rest.firstIndex(of: "}") else { return bounds }
                let inside = rest[rest.startIndex..<end].dropFirst()
                let numbers = inside.split(separator: ",", omittingEmptySubsequences: false)
                    .map { Int($0) }
                guard let least = numbers.first ?? nil else { return bounds }
                let most = numbers.count > 1 ? numbers[1] ?? least + 64 : least
                bounds = (min(least, 2_000), min(max(least, most), 2_000))
                rest = rest[end...]
            default: return bounds
            }
            rest.removeFirst()
            // Non-greedy.
            if rest.first == "?" { rest.removeFirst() }
            return bounds
        }
    }
}
