package import Trials

/// A rule of `lint`: one thing about grants that is too wide, or will break.
package struct Rule: Sendable {
    /// The same in every version; what `--disable` and the case names say.
    package let code: String
    package let severity: Severity
    /// What the rule looks for, in one line.
    package let title: String
    /// Why it matters, what to do, and when to leave it: Markdown without a heading.
    package let page: String
    private let find: @Sendable (LintSubject) -> [Remark]

    /// What a rule says of one object.
    struct Remark {
        let object: ObjectName
        let reason: String
        var mending: [Cure] = []
        /// Where it is graver, or less so, than the rule usually is.
        var severity: Severity?
    }

    init(
        _ code: String,
        _ severity: Severity,
        _ title: String,
        page: String,
        find: @escaping @Sendable (LintSubject) -> [Remark]
    ) {
        self.code = code
        self.severity = severity
        self.title = title
        self.page = page
        self.find = find
    }

    /// Every rule, in the order of the page that explains them.
    package static let all: [Rule] = [
        .unusableSequence, .sequenceBehind, .nearlyFullSequence, .sequenceOwner, .sequenceUpdate,
        .rowSecurityOff, .viewLendsRights, .definerSearchPath, .publicPrivilege, .schemaCreate,
        .grantOption, .writerExtras, .superuserRole, .bypassingRole, .roleCreatingRole,
        .owningRole, .cannotLogIn, .idleDefaultPrivileges, .missingDefaultPrivileges,
    ]

    /// Applies the rule.
    func findings(on subject: LintSubject) -> [Finding] {
        find(subject).map { remark in
            Finding(
                code: code,
                severity: remark.severity ?? severity,
                object: remark.object,
                reason: remark.reason,
                mending: remark.mending
            )
        }
    }
}

extension LintSubject {
    /// Applies every rule that is not disabled; the gravest findings first.
    package func findings(disabled: Set<String> = []) -> [Finding] {
        let findings = Rule.all.filter { !disabled.contains($0.code) }
            .flatMap { $0.findings(on: self) }
        return [Severity.error, .warning, .notice].flatMap { severity in
            findings.filter { $0.severity == severity }
        }
    }
}

/// The pages of all rules as one Markdown document.
package enum LintPages {
    package static var document: String {
        let rules = Rule.all.map { page(of: $0) }.joined(separator: "\n\n")
        return """
            # The rules of `pgsmoke lint`

            An `error` breaks statements or opens what was meant to be closed, and makes the exit code 1; a \
            `warning` is wider than an application needs, or likely to break; a `notice` is worth a look. \
            `--disable CODE` leaves a rule out.

            \(rules)

            """
    }

    /// Returns one rule's page.
    package static func page(of rule: Rule) -> String {
        "## \(rule.code)\n\n*\(rule.severity.rawValue)*: \(rule.title)\n\n\(rule.page)"
    }
}
