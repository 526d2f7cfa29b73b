/// Where a text stops being JSON (RFC 8259), which the decoder does not tell.
struct JSONFault: CustomStringConvertible {
    /// The line, from 1.
    let line: Int
    /// Whether all there is of the text is right and only the rest is missing.
    let isCutOff: Bool
    private let isEmpty: Bool

    /// Looks for the fault; `nil` if the text is JSON.
    init?(in text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        if scanner.document() { return nil }
        isCutOff = scanner.isAtEnd
        isEmpty = text.allSatisfy(\.isWhitespace)
        line = 1 + scanner.bytes[..<scanner.place].count { $0 == UInt8(ascii: "\n") }
    }

    var description: String {
        if isEmpty { return "is empty" }
        return isCutOff ? "ends in the middle (line \(line))" : "is not JSON (line \(line))"
    }

    /// Reads as far as the text is JSON.
    private struct Scanner {
        let bytes: [UInt8]
        var place = 0
        private var depth = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { place >= bytes.count }

        private var next: UInt8? { isAtEnd ? nil : bytes[place] }

        mutating func document() -> Bool {
            guard value() else { return false }
            skipSpace()
            return isAtEnd
        }

        private mutating func value() -> Bool {
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return list(until: UInt8(ascii: "}")) { $0.member() }
            case UInt8(ascii: "["): return list(until: UInt8(ascii: "]")) { $0.value() }
            case UInt8(ascii: "\""): return string()
            default: return word()
            }
        }

        /// Reads elements between commas; deeper than any report, it is none.
        private mutating func list(
            until end: UInt8,
            _ element: (inout Scanner) -> Bool
        ) -> Bool {
            depth += 1
            defer { depth -= 1 }
            guard depth < 100 else { return false }
            place += 1
            skipSpace()
            if take(end) { return true }
            repeat {
                guard element(&self) else { return false }
                skipSpace()
            } while take(UInt8(ascii: ","))
            return take(end)
        }

        private mutating func member() -> Bool {
            skipSpace()
            guard next == UInt8(ascii: "\""), string() else { return false }
            skipSpace()
            return take(UInt8(ascii: ":")) && value()
        }

        private mutating func string() -> Bool {
            place += 1
            while let byte = next {
                if byte < 0x20 { return false }
                place = min(bytes.count, place + (byte == UInt8(ascii: "\\") ? 2 : 1))
                if byte == UInt8(ascii: "\"") { return true }
            }
            return false
        }

        /// Reads a number, `true`, `false` or `null`, of which a part may be all there is.
        private mutating func word() -> Bool {
            let start = place
            while let byte = next, Self.isPartOfWord(byte) { place += 1 }
            let word = bytes[start..<place]
            if ["true", "false", "null"].contains(where: { word.elementsEqual($0.utf8) }) {
                return true
            }
            if Double(String(decoding: word, as: UTF8.self)) != nil { return true }
            let isBegun =
                isAtEnd
                && ["true", "false", "null"].contains { $0.utf8.starts(with: word) }
            if !isBegun { place = start }
            return false
        }

        private static func isPartOfWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            place += 1
            return true
        }

        private mutating func skipSpace() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
        }
    }
}
