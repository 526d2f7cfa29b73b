/// How much room a text takes on a terminal.
enum Columns {
    /// Returns the number of columns, two for a wide character; combining marks count as one, so
    /// that the number is never too small.
    static func width(of text: some StringProtocol) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (isWide($1) ? 2 : 1) }
    }

    /// Returns the text, or its beginning and `…` if it takes more columns than there are.
    static func cut(_ text: String, to columns: Int) -> String {
        guard width(of: text) > columns else { return text }
        var kept = ""
        var used = 1
        for character in text {
            used += width(of: String(character))
            if used > columns { break }
            kept.append(character)
        }
        return columns > 0 ? kept + "…" : ""
    }

    /// Breaks the text at spaces; a word that is longer than a line stays whole.
    static func wrap(_ text: String, to columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var room = columns
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let needed = width(of: word) + 1
            if needed - 1 > room, !line.isEmpty {
                lines.append(line)
                line = String(word)
                room = columns - needed
            } else {
                line += room == columns ? String(word) : " \(word)"
                room -= needed
            }
        }
        return lines + [line]
    }

    /// Wide and fullwidth characters (Unicode Standard Annex 11) and all of the emoji.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2600...0x27BF, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F000...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
