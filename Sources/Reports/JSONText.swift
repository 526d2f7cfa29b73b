import Trials

/// JSON that is written piece by piece, where a whole document would not fit into memory.
enum JSONText {
    /// Returns the text as a JSON string (RFC 8259, 7), with every character that would speak to a
    /// terminal as `\u202E`.
    static func quoted(_ text: String) -> String {
        // Nearly every name is of this kind, and there may be millions of them.
        if text.utf8.allSatisfy(isPlain) { return "\"\(text)\"" }
        var quoted = "\""
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "#" where last == "#": quoted += escaped(scalar)
            case _ where PrintableText.isControl(scalar): quoted += escaped(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
            last = scalar
        }
        return quoted + "\""
    }

    /// Whether the byte is a character that stands for itself wherever it stands.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "#"): false
        default: 0x20..<0x7F ~= byte
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
