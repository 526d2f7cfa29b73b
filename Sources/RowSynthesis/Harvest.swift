/// What a piece of SQL, or a function's body, says about values: its constants and its names.
struct Harvest: Sendable {
    struct Constant: Sendable, Hashable {
        /// The value, without quotes.
        var text: String
        /// The type that it is cast to in the text.
        var type: String?
        var isNumber: Bool
        /// The word or operator before it, past parentheses: `~`, `=`, `any`, `similar_to_escape`.
        var before: String
        /// The word before that, which may be the column that is compared.
        var compared: String
    }

    /// One step of the text; casts and comments are none.
    enum Token: Sendable, Hashable {
        case literal(String)
        case number(String)
        /// An identifier without its quotation marks, a keyword or an operator.
        case word(String)
    }

    private(set) var constants: [Constant] = []
    /// Identifiers, keywords and operators in their order; types of casts are not among them.
    private(set) var words: [String] = []
    /// Words and constants in their order.
    private(set) var tokens: [Token] = []
    /// The types that something other than a constant is cast to.
    private(set) var casts: Set<String> = []

    init(_ text: String) {
        var reader = Reader(text)
        while let token = reader.next() {
            switch token {
            case .literal(let value):
                tokens.append(.literal(value))
                let type = reader.cast()
                add(value, type: type, isNumber: false)
            case .number(let digits):
                let sign = words.last == "-" && !endsOperand(at: words.count - 2) ? "-" : ""
                tokens.append(.number(sign + digits))
                add(sign + digits, type: reader.cast(), isNumber: true)
            case .word(let word):
                words.append(word)
                tokens.append(.word(word))
            case .cast(let type): casts.insert(type)
            }
        }
    }

    /// The words, each once.
    var names: Set<String> { Set(words) }

    /// Whether a minus after the word there is a subtraction.
    private func endsOperand(at index: Int) -> Bool {
        guard words.indices.contains(index), let last = words[index].unicodeScalars.last else {
            return false
        }
        return last == ")" || last == "_" || last.properties.isAlphabetic
    }

    private static let skipped: Set<String> = ["(", "[", ",", "array", ")", "]"]

    private mutating func add(_ text: String, type: String?, isNumber: Bool) {
        let place = words.lastIndex { !Self.skipped.contains($0) }
        let before = place.map { words[$0] } ?? ""
        let compared = place.flatMap { words[..<$0].last { !Self.skipped.contains($0) } } ?? ""
        if let type, type.hasSuffix("[]"), text.hasPrefix("{"), text.hasSuffix("}") {
            for element in text.dropFirst().dropLast().split(separator: ",") {
                let bare = element.hasPrefix("\"") ? element.dropFirst().dropLast() : element
                constants.append(
                    Constant(
                        text: String(bare),
                        type: String(type.dropLast(2)),
                        isNumber: false,
                        before: before,
                        compared: compared
                    )
                )
            }
        }
        constants.append(
            Constant(text: text, type: type, isNumber: isNumber, before: before, compared: compared)
        )
    }
}

/// Reads SQL word by word.
private struct Reader {
    enum Token {
        case literal(String)
        case number(String)
        case word(String)
        case cast(String)
    }

    private var rest: Substring.UnicodeScalarView

    init(_ text: String) { rest = Substring(text).unicodeScalars }

    mutating func next() -> Token? {
        while let first = rest.first {
            if first == " " || first.properties.isWhitespace {
                rest.removeFirst()
            } else if first == "'" {
                return .literal(quoted(by: "'", escapes: false))
            } else if first == "\"" {
                return .word(quoted(by: "\"", escapes: false))
            } else if first.isDigit {
                let number = rest.prefix { $0.isDigit || $0 == "." }
                rest.removeFirst(number.count)
                return .number(String(number))
            } else if first.isWordPart {
                let word = rest.prefix { $0.isWordPart || $0.isDigit }
                rest.removeFirst(word.count)
                if word.count == 1, first == "E" || first == "e", rest.first == "'" {
                    return .literal(quoted(by: "'", escapes: true))
                }
                return .word(String(word))
            } else if rest.starts(with: "--".unicodeScalars) {
                rest = rest.drop { $0 != "\n" }
            } else if rest.starts(with: "/*".unicodeScalars) {
                skipComment()
            } else if rest.starts(with: "::".unicodeScalars) {
                return .cast(cast() ?? "")
            } else if first.isOperatorPart {
                let word = rest.prefix(while: \.isOperatorPart)
                rest.removeFirst(word.count)
                return .word(String(word))
            } else {
                rest.removeFirst()
                return .word(String(first))
            }
        }
        return nil
    }

    /// Comments of this kind can hold others (manual, 4.1.5).
    private mutating func skipComment() {
        var depth = 0
        repeat {
            if rest.starts(with: "/*".unicodeScalars) {
                depth += 1
                rest.removeFirst(2)
            } else if rest.starts(with: "*/".unicodeScalars) {
                depth -= 1
                rest.removeFirst(2)
            } else {
                rest.removeFirst()
            }
        } while depth > 0 && !rest.isEmpty
    }

    /// The words that may follow the first of a type's name.
    private static let continuations = [
        "character": ["varying"], "bit": ["varying"], "double": ["precision"],
        "timestamp": ["without", "with", "time", "zone"],
        "time": ["without", "with", "time", "zone"],
    ]

    /// Reads `::type`, if it is next.
    mutating func cast() -> String? {
        guard rest.starts(with: "::".unicodeScalars) else { return nil }
        rest.removeFirst(2)
        var type = typeWord()
        if let words = Self.continuations[type] {
            while rest.first == " " {
                let before = rest
                rest.removeFirst()
                let word = typeWord()
                guard words.contains(word) else {
                    rest = before
                    break
                }
                type += " \(word)"
            }
        }
        if rest.first == "(" {
            let modifier = rest.prefix { $0 != ")" }
            rest.removeFirst(min(rest.count, modifier.count + 1))
        }
        if rest.starts(with: "[]".unicodeScalars) {
            rest.removeFirst(2)
            type += "[]"
        }
        return type
    }

    private mutating func typeWord() -> String {
        var isQuoted = false
        let word = rest.prefix { scalar in
            if scalar == "\"" { isQuoted.toggle() }
            return isQuoted || scalar == "\"" || scalar == "." || scalar.isWordPart
                || scalar.isDigit
        }
        rest.removeFirst(word.count)
        return String(word)
    }

    private mutating func quoted(by mark: Unicode.Scalar, escapes: Bool) -> String {
        rest.removeFirst()
        var value = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == mark {
                guard rest.first == mark else { break }
                rest.removeFirst()
            } else if escapes, scalar == "\\", let next = rest.popFirst() {
                value.append(next == "n" ? "\n" : next == "t" ? "\t" : next)
                continue
            }
            value.append(scalar)
        }
        return String(value)
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }

    fileprivate var isWordPart: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "_", "$": true
        default: !isASCII && properties.isAlphabetic
        }
    }

    fileprivate var isOperatorPart: Bool {
        switch self {
        case "+", "-", "*", "/", "<", ">", "=", "~", "!", "@", "#", "%", "^", "&", "|", "`", "?":
            true
        default: false
        }
    }
}
