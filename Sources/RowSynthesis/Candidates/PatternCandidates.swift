internal import Catalog

/// Texts that the regular expressions and LIKE patterns in constraints accept.
struct PatternCandidates {
    let type: DataType
    /// How many texts one pattern gives.
    var count = 6

    /// The texts that suit the patterns.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        guard type.category == "S" else { return [] }
        var texts: [String] = []
        for constant in hints.flatMap(\.constants) where !constant.isNumber {
            switch constant.before {
            case "~", "~*", "regexp_match", "regexp_matches", "regexp_like":
                texts += RegexSample(constant.text).texts(limit: count)
            case "similar_to_escape", "similar_escape":
                texts += RegexSample(Self.regularExpression(similar: constant.text)).texts(
                    limit: count
                )
            case "~~", "~~*", "LIKE", "ILIKE":
                texts += Self.texts(like: constant.text, of: LengthCandidates.lengths(in: hints))
            case "starts_with", "^@": texts += [constant.text, constant.text + "a"]
            default: continue
            }
        }
        return texts.map { Candidate(content: .literal($0), source: .pattern) }
    }

    private static func regularExpression(similar pattern: String) -> String {
        pattern.replacing("%", with: ".*").replacing("_", with: ".")
    }

    private static func texts(like pattern: String, of lengths: [Int]) -> [String] {
        func text(_ many: String) -> String {
            var text = ""
            var isEscaped = false
            for character in pattern {
                switch character {
                case _ where isEscaped:
                    text.append(character)
                    isEscaped = false
                case "\\": isEscaped = true
                case "%": text += many
                case "_": text += "a"
                default: text.append(character)
                }
            }
            return text
        }
        let least = text("").count
        let filled = lengths.filter { $0 > least }
            .map { text(String(repeating: "a", count: $0 - least)) }
        return [text("a"), text(""), text("ab1")] + filled.prefix(8)
    }
}
