/// The words of a piece of SQL or of a function's body, to find names in it.
///
/// This reads no grammar: it only tells whether a name occurs as a whole word, and what stands
/// before it.
struct Words {
    let words: [String]

    /// Splits the text into words, quoted identifiers, string literals and single signs.
    init(_ text: String) {
        var words: [String] = []
        var rest = Substring(text).unicodeScalars
        while let first = rest.first {
            if first == "\"" || first == "'" {
                rest.removeFirst()
                let body = Self.quoted(&rest, by: first)
                words.append((first == "'" ? "'" : "") + body)
            } else if Self.isPart(first) {
                let body = rest.prefix(while: Self.isPart)
                words.append(String(body))
                rest.removeFirst(body.count)
            } else {
                if !first.properties.isWhitespace { words.append(String(first)) }
                rest.removeFirst()
            }
        }
        self.words = words
    }

    /// Takes what stands up to the closing sign, which is doubled within.
    private static func quoted(
        _ rest: inout Substring.UnicodeScalarView,
        by sign: Unicode.Scalar
    ) -> String {
        var body = ""
        while true {
            let part = rest.prefix { $0 != sign }
            body += String(part)
            rest.removeFirst(min(rest.count, part.count + 1))
            guard !part.isEmpty || !body.isEmpty, rest.first == sign else { return body }
            body.unicodeScalars.append(sign)
            rest.removeFirst()
        }
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
            || scalar.properties.numericType != nil
    }

    func contain(_ name: String) -> Bool { !places(of: name).isEmpty }

    /// The places at which the identifier stands, unquoted ones folded to lower case, or inside a
    /// string literal as a whole or as a part of a dotted name.
    func places(of name: String) -> [Int] {
        words.indices.filter { index in
            let word = words[index]
            if word == name || word.lowercased() == name { return true }
            guard word.hasPrefix("'") else { return false }
            return Self.parts(of: word.dropFirst()).contains {
                $0 == name || $0.lowercased() == name
            }
        }
    }

    /// The names at which a statement looks for relations, without their schemas.
    var relationNames: [String] {
        words.indices.dropLast().compactMap { index in
            guard Self.leadingToRelations.contains(words[index].lowercased()) else { return nil }
            var place = index + 1
            while place + 2 < words.endIndex, words[place + 1] == "." { place += 2 }
            let name = words[place]
            return name.unicodeScalars.first.map(Self.isPart) == true ? name : nil
        }
    }

    private static let leadingToRelations: Set<String> = [
        "into", "from", "update", "join", "table", "only",
    ]

    /// The letters and digits that stand together anywhere, in lower case, parameters left out.
    var pieces: Set<String> { Set(words.lazy.filter { !$0.hasPrefix("$") }.flatMap(\.pieces)) }

    /// The parts of a dotted name, without quotation marks.
    static func parts(of name: some StringProtocol) -> [String] {
        name.contains("\"")
            ? Words(String(name)).words.filter { $0 != "." }
            : String(name).split(separator: "." as Character).map(String.init)
    }

    /// The schemas that stand before a name; `nil` if it stands somewhere without one.
    func qualifiers(of name: String) -> Set<String>? {
        var qualifiers: Set<String> = []
        for index in places(of: name) {
            if words[index].hasPrefix("'") {
                let parts = Self.parts(of: words[index].dropFirst())
                guard
                    let place = parts.firstIndex(where: {
                        $0 == name || $0.lowercased() == name
                    }), place > 0
                else { return nil }
                qualifiers.formUnion([parts[place - 1], parts[place - 1].lowercased()])
            } else {
                guard index >= 2, words[index - 1] == "." else { return nil }
                qualifiers.formUnion([words[index - 2], words[index - 2].lowercased()])
            }
        }
        return qualifiers
    }

    /// Everything that may be an identifier, each once: words as they are and folded to lower case,
    /// and the parts of dotted names in string literals.
    var names: [String] {
        var seen: Set<String> = []
        var names: [String] = []
        func add(_ name: some StringProtocol) {
            if seen.insert(String(name)).inserted { names.append(String(name)) }
        }
        for word in words {
            guard word.hasPrefix("'") else {
                add(word)
                add(word.lowercased())
                continue
            }
            let literal = word.dropFirst()
            for part in Self.parts(of: literal) {
                add(part)
                add(part.lowercased())
            }
            // A statement that code puts together.
            if literal.contains(where: \.isWhitespace), !literal.contains("'") {
                for name in Words(String(literal)).names { add(name) }
            }
        }
        return names
    }

    /// The privilege that the statement around a table's name needs on it.
    func privilege(at place: Int) -> Privilege? {
        var before = words[..<place].suffix(6).reversed().map { $0.lowercased() }
        // A schema and a dot may stand before the name.
        while before.count >= 2, before[0] == "." { before.removeFirst(2) }
        before.removeAll { $0 == "only" }
        switch before.first {
        case "into": return .insert
        case "update": return .update
        case "from" where before.dropFirst().first == "delete": return .delete
        case "from", "join", ",": return .select
        case "truncate": return .truncate
        case "table" where before.dropFirst().first == "truncate": return .truncate
        // A lock takes a privilege to write (manual, LOCK, Notes).
        case "lock", "table": return .update
        default: return nil
        }
    }

    /// The names after INSERT INTO, without their schema.
    var insertTargets: [String] {
        words.indices.dropLast().compactMap { index in
            guard words[index].lowercased() == "into", index > 0,
                words[index - 1].lowercased() == "insert"
            else { return nil }
            var name = index + 1
            if name + 2 < words.endIndex, words[name + 1] == "." { name += 2 }
            return words[name]
        }
    }

    /// The string literals that are the first argument of calls of a function.
    func arguments(of function: String) -> [String] {
        calls(of: function).map(\.argument)
    }

    /// The calls of a function whose first argument is a string literal, and whether more follow it.
    func calls(of function: String) -> [(argument: String, hasMore: Bool)] {
        words.indices.compactMap { index in
            guard words[index].lowercased() == function else { return nil }
            // The server deparses nextval('s'::text) as nextval(('s'::text)::regclass).
            let argument = words[(index + 1)...].drop { $0 == "(" }
            guard argument.startIndex > index + 1, let first = argument.first, first.hasPrefix("'")
            else { return nil }
            let rest = argument.dropFirst().prefix { $0 != ")" }
            return (String(first.dropFirst()), rest.contains(","))
        }
    }

    /// The parameters that calls of `current_setting` read, each with the type that its value is cast
    /// to, which is text without a cast.
    var settings: [(name: String, type: String)] {
        words.indices.compactMap { index in
            guard words[index].lowercased() == "current_setting",
                words[(index + 1)...].first == "(",
                let name = words[(index + 1)...].first(where: { $0 != "(" }), name.hasPrefix("'")
            else { return nil }
            return (String(name.dropFirst()), cast(behind: end(from: index + 2)))
        }
    }

    /// The type to which the result of a call, or what it is the first argument of, is cast.
    ///
    /// The server deparses that as `(NULLIF(current_setting('a.b'::text), ''::text))::integer`.
    private func cast(behind end: Int) -> String {
        let rest = words[min(end + 1, words.endIndex)...]
        if rest.starts(with: [":", ":"]) { return rest.dropFirst(2).first ?? "" }
        switch rest.first {
        case ")": return cast(behind: rest.startIndex)
        case ",": return cast(behind: self.end(from: rest.startIndex))
        default: return "text"
        }
    }

    /// The place of the parenthesis that closes the one before a place.
    private func end(from start: Int) -> Int {
        var depth = 1
        for index in words[min(start, words.endIndex)...].indices {
            if words[index] == "(" { depth += 1 }
            if words[index] == ")" { depth -= 1 }
            if depth == 0 { return index }
        }
        return words.endIndex
    }
}
