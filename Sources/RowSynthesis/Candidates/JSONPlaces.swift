internal import Trials

/// The places in a JSON document that conditions speak of (manual, 9.16).
struct JSONPlaces {
    enum Step: Sendable, Hashable {
        case key(String)
        /// An element of an array.
        case index(Int)
    }

    typealias Path = [Step]

    /// A place, and the values for it that an SQL/JSON path asks for outright, as JSON.
    struct Mention: Sendable, Hashable {
        var path: Path
        var wanted: [String] = []
    }

    /// The places that are named, in their order.
    private(set) var mentions: [Mention] = []
    /// Documents that must be contained.
    private(set) var contained: [String] = []
    /// The constants that are no names of places: what is compared with them.
    private(set) var others: Set<String> = []

    /// Reads one condition on a column.
    init(in harvest: Harvest, about column: String) {
        let tokens = harvest.tokens
        var index = 0
        var isPlace = false
        while index < tokens.count {
            if case .word(column) = tokens[index] {
                index = readPlace(tokens, from: index + 1)
                isPlace = true
                continue
            }
            switch tokens[index] {
            case .literal(let text), .number(let text): others.insert(text)
            case .word("jsonb_path_exists"), .word("jsonb_path_match"):
                index = readCall(tokens, of: column, from: index)
                isPlace = true
                continue
            case .word: break
            }
            index += 1
        }
        if !isPlace { mentions = [] }
    }

    /// Reads what follows the column's name; returns where to go on.
    private mutating func readPlace(_ tokens: [Harvest.Token], from start: Int) -> Int {
        var path: Path = []
        var index = start
        func skipping(_ words: Set<String>, from start: Int) -> Int {
            var index = start
            while index < tokens.count, case .word(let word) = tokens[index], words.contains(word) {
                index += 1
            }
            return index
        }
        while true {
            let next = skipping([")"], from: index)
            guard next + 1 < tokens.count, case .word(let word) = tokens[next] else { break }
            let operand = skipping(["(", "ARRAY", "["], from: next + 1)
            guard operand < tokens.count else { break }
            switch (word, tokens[operand]) {
            case ("->", .literal(let key)), ("->>", .literal(let key)), ("[", .literal(let key)):
                path.append(.key(key))
            case ("->", .number(let place)), ("->>", .number(let place)), ("[", .number(let place)):
                path.append(.index(max(0, Int(place) ?? 0)))
            case ("#>", .literal(let keys)), ("#>>", .literal(let keys)):
                path += Self.steps(keys)
            case ("?", .literal(let key)):
                mentions.append(Mention(path: path + [.key(key)]))
                return operand + 1
            case ("?&", .literal), ("?|", .literal):
                var index = operand
                while index < tokens.count, case .literal(let text) = tokens[index] {
                    let keys = text.hasPrefix("{") ? Self.elements(text) : [text]
                    for key in keys { mentions.append(Mention(path: path + [.key(key)])) }
                    index = skipping([","], from: index + 1)
                }
                return index
            case ("@>", .literal(let document)):
                if path.isEmpty {
                    contained.append(document)
                } else {
                    mentions.append(Mention(path: path, wanted: [document]))
                }
                return operand + 1
            case ("@?", .literal(let text)), ("@@", .literal(let text)):
                mentions += SQLJSONPath(text).mentions(below: path)
                return operand + 1
            default:
                if !path.isEmpty { mentions.append(Mention(path: path)) }
                return index
            }
            index = operand + 1
            if word == "[" { index = skipping(["]"], from: index) }
        }
        if !path.isEmpty { mentions.append(Mention(path: path)) }
        return index
    }

    /// Reads a call such as `jsonb_path_exists(column, '$.a')`.
    private mutating func readCall(
        _ tokens: [Harvest.Token],
        of column: String,
        from start: Int
    ) -> Int {
        guard start + 4 < tokens.count, tokens[start + 2] == .word(column),
            tokens[start + 3] == .word(","), case .literal(let text) = tokens[start + 4]
        else { return start + 1 }
        mentions += SQLJSONPath(text).mentions(below: [])
        return start + 5
    }

    /// The steps of a path such as `{a,0}`.
    private static func steps(_ text: String) -> Path {
        elements(text).map { Int($0).map { .index(max(0, $0)) } ?? .key($0) }
    }

    private static func elements(_ text: String) -> [String] {
        text.dropFirst().dropLast().split(separator: ",").map { element in
            element.hasPrefix("\"") ? String(element.dropFirst().dropLast()) : String(element)
        }
    }
}

/// What an SQL/JSON path asks of a document, as far as it names keys and compares what is there
/// (manual, 9.16.2).
private struct SQLJSONPath {
    private let tokens: [Harvest.Token]

    init(_ text: String) { tokens = Harvest(text.replacing(scalar: "\"", with: "'")).tokens }

    func mentions(below start: JSONPlaces.Path) -> [JSONPlaces.Mention] {
        var mentions: [JSONPlaces.Mention] = []
        var outer = start
        var path = start
        var index = 0
        while index < tokens.count {
            switch tokens[index] {
            case .word("$"): path = start
            case .word("@"), .word("?("): path = outer
            case .word("."):
                if index + 1 < tokens.count {
                    switch tokens[index + 1] {
                    case .word(let key) where key.first?.isLetter ?? false || key.hasPrefix("_"):
                        let isMethod = index + 2 < tokens.count && tokens[index + 2] == .word("(")
                        if !isMethod { path.append(.key(key)) }
                    case .literal(let key): path.append(.key(key))
                    default: break
                    }
                }
                index += 1
            case .word("["):
                if index + 1 < tokens.count {
                    if case .number(let place) = tokens[index + 1] {
                        path.append(.index(max(0, Int(place) ?? 0)))
                    } else {
                        path.append(.index(0))
                    }
                }
            case .word("?"):
                mentions.append(JSONPlaces.Mention(path: path))
                outer = path
            case .word(let comparison) where Self.comparisons.contains(comparison):
                if index + 1 < tokens.count {
                    let wanted = Self.values(tokens[index + 1], comparison)
                    if !wanted.isEmpty {
                        mentions.append(JSONPlaces.Mention(path: path, wanted: wanted))
                    }
                }
                index += 1
            default: break
            }
            index += 1
        }
        if !path.isEmpty, !mentions.contains(where: { $0.path == path }) {
            mentions.append(JSONPlaces.Mention(path: path))
        }
        return mentions.filter { !$0.path.isEmpty }
    }

    private static let comparisons: Set<String> = [
        "==", "=", "!=", "<>", ">", ">=", "<", "<=", "like_regex", "with",
    ]

    /// JSON values that stand in the comparison to a constant.
    private static func values(_ constant: Harvest.Token, _ comparison: String) -> [String] {
        switch constant {
        case .number(let text):
            guard let number = Int(text) else { return [text] }
            return switch comparison {
            case ">", "!=", "<>": ["\(number &+ 1)"]
            case "<": ["\(number &- 1)"]
            default: ["\(number)"]
            }
        case .literal(let text):
            let texts =
                switch comparison {
                case "like_regex": RegexSample(text).texts(limit: 4)
                case "!=", "<>": [text + "a"]
                default: [text]
                }
            return texts.map(JSONCandidates.quoted)
        case .word(let word):
            return ["true", "false", "null"].contains(word)
                ? [["!=", "<>"].contains(comparison) && word != "false" ? "false" : word] : []
        }
    }
}
