/// Text from a database made safe to show: no control character survives.
package enum PrintableText {
    /// Returns the text on one line, with control characters as `\x1B`.
    ///
    /// Workflow commands of CI systems that are recognised anywhere in a line (`##[error]`,
    /// `##vso[…]`) are broken up.
    package static func line(_ text: String) -> String {
        var line = ""
        line.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                line += escaped(scalar)
            } else if scalar == "#", line.last == "#" {
                line += escaped(scalar)
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// Whether the character moves the cursor, changes the text's direction or is not text at all.
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B...0x200C, 0x200E...0x200F, 0x2028...0x202E,
            0x2060...0x2069, 0xFEFF, 0xFFFE...0xFFFF:
            true
        default: false
        }
    }

    /// Returns `\x1B` for the escape character, `\x{202E}` for one beyond two digits.
    package static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        if scalar.value > 0xFF { return "\\x{\(digits)}" }
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}
