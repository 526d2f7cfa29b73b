import Testing

@testable import Settings

@Suite struct YAMLScalarTests {
    @Test(
        "Every name is read back as itself, byte for byte",
        arguments: [
            "app", "app_role", "billing.invoices", "a-b", "yes", "No", "NULL", "~", "y", "on",
            "1.0", "1e3", "0x1F", "2026-11-26", ".inf", "_1", "1_000", "", " ", " lead", "trail ",
            "a: b", "a #b", "#", "*", "&a", "!t", "- x", "?", "{x}", "[x]", "a,b", "%p", "@a", "`",
            "'", "\"", "\\", "it's", "a\nb", "a\r\nb", "\t", "\u{1B}[31m", "\u{7F}", "\u{85}",
            "\u{A0}", "\u{202E}x", "\u{FEFF}", "\u{2028}", "\u{200D}", "emo😀ji", "é", "e\u{301}",
            "\u{301}", "\"\u{301}", "größe", "日本", "\u{E000}", "---", "...", "<<", "=", "a\\x41",
        ]
    )
    func roundTrip(name: String) throws {
        guard YAMLScalar.isKept(name) else { return }
        let written = YAMLScalar.text(name)
        #expect(written.split(whereSeparator: \.isNewline).count == 1)
        let file = try SettingsFile(
            SettingsSource(
                path: "f",
                text: """
                    schemas: [\(written), x]
                    roles:
                      \(written): { profile: reader }
                    tables:
                      \(written):
                        deny: { \(written): [select] }
                    """
            )
        )
        let read =
            [file.schemas[0], file.roles[0].name, file.tables[0].pattern]
            + [file.tables[0].rules[0].role]
        for text in read {
            #expect(Array(text.value.utf8) == Array(name.utf8), "\(written)")
        }
    }

    @Test("Ordinary names need no quotes")
    func plain() {
        for name in ["app_role", "billing.invoices", "Sales", "insert-returning"] {
            #expect(YAMLScalar.text(name) == name)
        }
    }
}
