/// How identifiers are written for readers.
package enum Identifier {
    /// Returns the identifier bare if it is `[a-z_][a-z0-9_]*`, else in double quotes with `"` and
    /// `\` doubled and control characters as `\x0A`.
    ///
    /// The result is one line of printable text that can be taken apart again.
    package static func displayed(_ name: String) -> String {
        if isBare(name) { return name }
        var quoted = "\""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\"\""
            case "\\": quoted += "\\\\"
            default:
                quoted +=
                    PrintableText.isControl(scalar) ? PrintableText.escaped(scalar) : String(scalar)
            }
        }
        return quoted + "\""
    }

    private static func isBare(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }
}
