/// How a report for a person looks; colours only underline what the words already say.
struct TerminalStyle {
    /// What a text is to its reader.
    enum Tone: String {
        case strong = "1"
        case faint = "2"
        case bad = "1;31"
        case doubtful = "1;33"
        case good = "32"
    }

    static let columns = 100
    private static let labelColumns = 10

    let isColoured: Bool

    /// Returns the text in the colour of its tone (ECMA-48, SGR).
    func toned(_ text: String, _ tone: Tone?) -> String {
        guard isColoured, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }

    /// Returns the text behind a rule and its label, broken into as many lines as it needs.
    ///
    /// The rule keeps text from the database away from the start of a line, where pipelines look
    /// for commands.
    func ruled(
        _ label: String,
        _ text: String,
        indent: String = "",
        tone: Tone? = nil,
        isBroken: Bool = true,
        most: Int = .max
    ) -> [String] {
        let padded = label.padded(to: Self.labelColumns)
        let room = Self.columns - indent.count - 2 - padded.count
        var lines = isBroken ? Columns.wrap(text, to: room) : [text]
        if lines.count > most {
            lines = Array(lines.prefix(most))
            lines[most - 1] += " …"
        }
        return lines.enumerated().map { place, line in
            let label = place == 0 ? padded : "".padded(to: padded.count)
            return indent + toned("│ \(label)", .faint) + toned(line, tone)
        }
    }
}

extension String {
    /// Returns the text with blanks after it, two of them at least.
    fileprivate func padded(to columns: Int) -> String {
        self + String(repeating: " ", count: Swift.max(columns - count, isEmpty ? 0 : 2))
    }
}
