import Trials

/// JSON that is written piece by piece, where a whole document would not fit into memory.
enum JSONText {
    /// Returns the text as a JSON string (RFC 8259, 7), with every character that would speak to a
    /// terminal as `\u202E`.
    static func quoted(_ text: String) -> String {
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

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
