import Trials

/// Text made fit for XML 1.0, which has no way at all to write most control characters.
enum XMLText {
    /// Returns the text for use between two tags.
    static func content(_ text: String) -> String {
        escaped(text) { scalar in scalar == "\r" ? "&#13;" : String(scalar) }
    }

    /// Returns the text for use between double quotes; a reader would turn a line feed into a space.
    static func attribute(_ text: String) -> String {
        escaped(text) { scalar in "&#\(scalar.value);" }
    }

    /// Returns ` name="value"` for each of the attributes.
    static func attributes(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0)=\"\(attribute($1))\"" }.joined()
    }

    private static func escaped(_ text: String, space: (Unicode.Scalar) -> String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // A file written to a pipeline's log must not speak to the pipeline: `##vso[`.
            case "#" where last == "#": result += "&#35;"
            case "\n", "\t", "\r": result += space(scalar)
            case _ where isLegal(scalar): result.unicodeScalars.append(scalar)
            default: result += PrintableText.escaped(scalar)
            }
            last = scalar
        }
        return result
    }

    /// Whether the scalar is a `Char` of XML 1.0 (section 2.2).
    private static func isLegal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}
