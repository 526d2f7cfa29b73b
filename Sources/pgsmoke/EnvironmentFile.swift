import FoundationEssentials

/// Variables from a file, as dotenv writes them: `KEY=VALUE`, `export`, quotes, comments.
///
/// A `$` stands for itself. Messages name a place and never show a value.
struct EnvironmentFile {
    private(set) var variables: [(name: String, value: String)] = []

    init(path: String) throws(Misuse) {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw Misuse(
                message: "--env-file: cannot read '\(path)'; name a file that is there and yours"
            )
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Misuse(message: "--env-file: '\(path)' is not UTF-8; save it as UTF-8")
        }
        try self.init(text, path: path)
    }

    init(_ text: String, path: String) throws(Misuse) {
        var reader = Reader(text, path: path)
        while let variable = try reader.next() { variables.append(variable) }
    }

    /// Goes through the text's scalars and counts its lines.
    private struct Reader {
        private var rest: Substring.UnicodeScalarView
        private var line = 1
        private let path: String

        init(_ text: String, path: String) {
            rest = text[...].unicodeScalars
            self.path = path
            if rest.first == "\u{FEFF}" { rest.removeFirst() }
        }

        /// Reads the next line that is neither empty nor a comment.
        mutating func next() throws(Misuse) -> (name: String, value: String)? {
            while let scalar = rest.first {
                switch scalar {
                case " ", "\t", "\r", "\n": advance()
                case "#": skipComment()
                default: return try variable()
                }
            }
            return nil
        }

        private mutating func variable() throws(Misuse) -> (name: String, value: String) {
            let start = line
            var name = word()
            if name == "export", rest.first == " " || rest.first == "\t" {
                skipBlanks()
                name = word()
            }
            skipBlanks()
            let isName = name.unicodeScalars.first.map { !("0"..."9").contains($0) } ?? false
            guard isName, rest.first == "=" else {
                throw complaint(start, "is no KEY=VALUE; begin comments with #")
            }
            advance()
            skipBlanks()
            let value =
                switch rest.first {
                case "'": try quoted("'", from: start)
                case "\"": try quoted("\"", from: start)
                default: plain()
                }
            guard !value.unicodeScalars.contains("\0") else {
                throw complaint(start, "holds a NUL character, which no variable can hold")
            }
            return (name, value)
        }

        /// Takes the characters that a variable's name is made of.
        private mutating func word() -> String {
            var word = ""
            while let scalar = rest.first,
                scalar == "_" || scalar == "."
                    || scalar.isASCII && Character(scalar).isLetter || ("0"..."9").contains(scalar)
            {
                word.unicodeScalars.append(scalar)
                advance()
            }
            return word
        }

        /// Reads up to the line's end or a blank with a `#` behind it.
        private mutating func plain() -> String {
            var value = ""
            while let scalar = rest.first, scalar != "\n" {
                if scalar == "#", value.isEmpty || value.last == " " || value.last == "\t" { break }
                value.unicodeScalars.append(scalar)
                advance()
            }
            skipComment()
            while let last = value.unicodeScalars.last, " \t\r".unicodeScalars.contains(last) {
                value.unicodeScalars.removeLast()
            }
            return value
        }

        /// Reads a quoted value, which may go over several lines.
        private mutating func quoted(
            _ quote: Unicode.Scalar,
            from start: Int
        ) throws(Misuse) -> String {
            advance()
            var value = ""
            while let scalar = rest.first, scalar != quote {
                advance()
                if scalar == "\\", quote == "\"", let escaped = rest.first {
                    advance()
                    value.unicodeScalars.append(
                        contentsOf: Self.meaning(of: escaped).unicodeScalars
                    )
                } else {
                    value.unicodeScalars.append(scalar)
                }
            }
            guard rest.first == quote else {
                throw complaint(start, "opens a quote that is never closed")
            }
            advance()
            skipBlanks()
            guard rest.isEmpty || ["#", "\r", "\n"].contains(rest.first) else {
                throw complaint(line, "goes on behind the closing quote; quote the whole value")
            }
            skipComment()
            return value
        }

        private static func meaning(of escaped: Unicode.Scalar) -> String {
            switch escaped {
            case "n": "\n"
            case "r": "\r"
            case "t": "\t"
            case "\"", "\\", "$", "`", "'": String(escaped)
            default: "\\" + String(escaped)
            }
        }

        private mutating func advance() { if rest.removeFirst() == "\n" { line += 1 } }

        private mutating func skipBlanks() {
            while rest.first == " " || rest.first == "\t" { advance() }
        }

        private mutating func skipComment() {
            while let scalar = rest.first, scalar != "\n" {
                _ = scalar
                advance()
            }
        }

        private func complaint(_ line: Int, _ text: String) -> Misuse {
            Misuse(message: "--env-file: line \(line) of '\(path)' \(text)")
        }
    }
}
