/// A pattern for names in the language of psql's `\d` and pg_dump's options (PostgreSQL manual,
/// psql, "Patterns").
package struct NamePattern: Sendable, Hashable {
    /// The parts between unquoted dots, as regular expressions for the server to match.
    package let parts: [String]

    /// Translates the pattern: `*` and `?` are wildcards, letters outside double quotes are folded
    /// to lower case, characters inside them stand for themselves.
    package init(_ pattern: String) {
        var parts: [String] = []
        var part = ""
        var isQuoted = false
        // By scalars: with a mark behind it a quote is no quote to Swift.
        var characters = Substring(pattern).unicodeScalars
        while let character = characters.popFirst() {
            switch character {
            case "\"" where isQuoted && characters.first == "\"":
                characters.removeFirst()
                part += "\""
            case "\"": isQuoted.toggle()
            case _ where isQuoted && "|*+?()[]{}.^$\\".unicodeScalars.contains(character):
                part += "\\\(character)"
            case _ where isQuoted: part.unicodeScalars.append(character)
            case "*": part += ".*"
            case "?": part += "."
            case "$": part += "\\$"
            case ".":
                parts.append(part)
                part = ""
            case "[" where characters.first == "]":
                characters.removeFirst()
                part += "\\[\\]"
            // The server folds no other letters either.
            default:
                part +=
                    character.isASCII ? character.properties.lowercaseMapping : String(character)
            }
        }
        parts.append(part)
        self.parts = parts.map { "^(\($0))$" }
    }
}
