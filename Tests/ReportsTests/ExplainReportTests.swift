import Foundation
import Reports
import Testing
import Trials

/// Explanations and findings with names that try to break the reports.
@Suite struct ExplainReportTests {
    private static let hostile = "a\n##[error]\u{1B}[31m\u{202E}"

    private static let explanation: Explanation = {
        let link = MembershipLink(
            member: hostile,
            group: hostile,
            inherits: false,
            canSet: true,
            isAdmin: true,
            grantors: [hostile, "postgres"],
            isByAttribute: false
        )
        let way = Way(
            links: [link],
            passage: .afterSetRole(hostile),
            holder: hostile,
            source: .granted(
                isPublic: false,
                by: hostile,
                isGrantable: true,
                isDefault: false,
                isOwner: false
            ),
            column: hostile
        )
        let object = "table " + ObjectName(kind: .table, schema: nil, name: hostile).displayed
        return Explanation(
            role: hostile,
            object: object,
            owner: hostile,
            privileges: [
                PrivilegeExplanation(
                    privilege: "INSERT",
                    object: object,
                    effective: .setRole,
                    ways: [way],
                    cures: [Cure(sql: "GRANT \(hostile)", runBy: hostile, isProven: false)],
                    note: hostile
                )
            ],
            acl: [
                ACLLine(
                    grantee: hostile,
                    grantor: hostile,
                    entries: [ACLLine.Entry(letters: "a*", privilege: "INSERT")],
                    column: hostile
                )
            ],
            defaults: [
                DefaultGrants(creator: hostile, schema: hostile, objects: "tables", acl: [])
            ],
            notes: [hostile]
        )
    }()

    @Test("No control character and no command of a pipeline survives an explanation")
    func explanation() {
        let text = ExplainReport.text(of: Self.explanation)
        #expect(isSafe(text))
        #expect(text.contains("INHERIT FALSE, admin option, granted by"))
        #expect(text.contains("= a* (INSERT with grant option)"))
        #expect(text.contains("only after SET ROLE"))
    }

    private static let finding = Finding(
        code: "sequence-update",
        severity: .error,
        object: ObjectName(kind: .sequence, schema: hostile, name: hostile),
        reason: hostile,
        mending: [
            Cure(sql: "REVOKE \(hostile)", runBy: hostile, isProven: false),
            Cure(sql: "GRANT", runBy: "postgres", isProven: false),
        ]
    )

    @Test("Nor the findings of lint, each with its statements and who runs them")
    func findings() {
        let text = LintReport.text(of: [Self.finding])
        #expect(isSafe(text))
        #expect(text.components(separatedBy: "run as").count == 3)
        #expect(text.hasSuffix("1 error\n"))
        #expect(LintReport.text(of: []) == "no findings\n")
    }

    private struct Document: Decodable {
        struct Object: Decodable {
            let kind: String
            let schema: String?
            let name: String
        }

        struct Finding: Decodable {
            let code: String
            let severity: String
            let object: Object
            let reason: String
        }

        let findings: [Finding]
    }

    @Test("Findings as JSON hold names and reasons unchanged")
    func json() throws {
        let text = LintReport.json(of: [Self.finding, Self.finding])
        let findings = try JSONDecoder().decode(Document.self, from: Data(text.utf8)).findings
        #expect(findings.count == 2)
        #expect(findings.first?.object.name == Self.hostile)
        #expect(findings.first?.reason == Self.hostile)
        #expect(findings.first?.severity == "error")
        #expect(isSafe(text))
        let empty = LintReport.json(of: [])
        #expect(try JSONDecoder().decode(Document.self, from: Data(empty.utf8)).findings.isEmpty)
    }

    @Test("A finding is a case of a run: an error fails it, all else is left to a person")
    func record() {
        var finding = Self.finding
        finding.object = ObjectName(kind: .sequence, schema: "public", name: "s")
        #expect(finding.record.trial.name == "lint sequence-update public.s")
        #expect(CaseName.className(of: finding.record.trial) == "pgsmoke.lint.public")
        #expect(finding.record.verdict == .failed)
        finding.severity = .warning
        #expect(finding.record.verdict == .inconclusive)
        finding.object.name = String(repeating: "x", count: 300)
        #expect(finding.record.trial.name.utf16.count == CaseName.limit)
    }

    private func isSafe(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\n" || !PrintableText.isControl($0) }
            && !text.contains("##[")
    }
}
