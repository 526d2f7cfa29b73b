import Trials

extension Sample {
    /// Identifiers that try to be something else; each fits PostgreSQL's 63 bytes.
    static let hostileIdentifiers = [
        "with \"quotes\" and 'more'",
        "two\nlines\r\nor\tthree",
        "]]>",
        "<script>alert(1)</script>&amp;",
        "::error title=x::owned",
        "##[error]owned",
        "##vso[task.complete result=Succeeded;]",
        "\u{1B}[31mred\u{1B}[0m",
        "right\u{202E}left",
        "emoji 🐘👩‍👩‍👧‍👦🇪🇺",
        String(repeating: "🐘", count: 15) + "abc",
        String(repeating: "\u{1B}", count: 63),
        "a b.c\\x0A",
        "users as app_role is denied",
        "\u{7F}\u{85}\u{FFFE}\u{FEFF}",
        "e\u{301}\u{301}\u{301}",
        "\u{301}\"\u{301}",
        "Δ表ف",
        " ",
    ]

    static let hostileNames = Sample(
        name: "hostile-names",
        report: RunReport(
            version: "0.1.0",
            server: ServerIdentity(
                version: "15.14 (::error:: ##[error])",
                database: "::error::\n::error::",
                user: "##[error]"
            ),
            startedAt: startedAt,
            seconds: 1.5,
            exitCode: 1,
            leftOut: hostileIdentifiers.map {
                LeftOut(object: table($0), reason: "::error::left\nout")
            },
            sequencesConsumed: [ConsumedSequence(sequence: sequence("\n::error::"), values: 2)],
            logins: [LoginFacts(role: "\n::error::", canLogIn: false, why: "\n::error::no")],
            notes: [
                "\n::error::note",
                Array(repeating: "::error::", count: 24).joined(separator: " "),
            ],
            records: hostileIdentifiers.map(hostile) + verdictsOf("\n::error::")
        )
    )

    private static func hostile(_ name: String) -> Record {
        let object = ObjectName(kind: .table, schema: name, name: name)
        let missing = MissingPrivilege(
            privilege: "INSERT",
            column: name,
            object: object,
            grantee: "o"
        )
        return Record(
            trial: Trial(role: name, operation: .insert, object: object),
            verdict: .failed,
            reason: "\(name) may not use \(name).",
            problem: .missingTablePrivilege,
            stage: .tablePrivilege,
            sqlState: "42501",
            message: "permission denied for table \(name)\n::error::\(name)",
            tried: Array(repeating: "::error:: \(name)", count: 120).joined(separator: " "),
            missing: [missing],
            cure: [
                Cure(
                    sql: missing.grant(quotedBy: Identifier.sql),
                    runBy: name,
                    isProven: name.utf8.count.isMultiple(of: 2),
                    doubt: name.utf8.count.isMultiple(of: 2) ? nil : name
                )
            ],
            seconds: 0.001
        )
    }

    private static func verdictsOf(_ name: String) -> [Record] {
        Verdict.allCases.map { verdict in
            Record(
                trial: Trial(
                    role: name,
                    operation: .insert,
                    object: table("\(verdict.rawValue) \(name)")
                ),
                verdict: verdict,
                reason: name + verdict.rawValue,
                message: name
            )
        }
    }
}
