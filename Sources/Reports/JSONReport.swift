import FoundationEssentials
package import Trials

/// The JSON file, which holds everything that a run found out.
package struct JSONReport {
    /// Returns the whole file, with a final newline; names and messages are unchanged in it.
    ///
    /// - Throws: what the encoder throws, for which a report gives no cause.
    package static func json(of report: RunReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let encoded = try encoder.encode(JSONRun(report: report))
        return printable(String(decoding: encoded, as: UTF8.self)) + "\n"
    }

    /// Writes the characters that would speak to a terminal or a pipeline's log as `\u202E`.
    ///
    /// The encoder leaves line feeds between tokens only, all else that is changed is in strings.
    private static func printable(_ json: String) -> String {
        var result = ""
        result.reserveCapacity(json.utf8.count)
        var last: Unicode.Scalar?
        for scalar in json.unicodeScalars {
            let isCommand = scalar == "#" && last == "#"
            if isCommand || (scalar != "\n" && PrintableText.isControl(scalar)) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
            last = scalar
        }
        return result
    }
}
