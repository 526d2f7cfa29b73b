import Access
import ArgumentParser
import Catalog
import FoundationEssentials
import Glibc
import Postgres
import Reports
import Settings
import Trials

/// `pgsmoke lint`: grants that are too wide, or will break.
struct LintCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find grants that are too wide, or will break.",
        discussion: """
            Looks at the catalog alone, and for the ends of tables that sequences feed. Ends with 1 if \
            a finding has the severity error.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup(title: "Relations") var patterns: PatternOptions

    @Option(
        name: .customLong("role"),
        help: ArgumentHelp(
            "A role that the application works as (repeatable). Without any, those in use that were "
                + "granted access to tables.",
            valueName: "role"
        )
    )
    var roles: [String] = []

    @Option(help: ArgumentHelp("Leave a rule out (repeatable).", valueName: "code"))
    var disable: [String] = []

    @Option(help: ArgumentHelp("How to write the findings.", valueName: "text|json"))
    var format: Format = .text

    @Option(
        help: ArgumentHelp("Print the page about a rule, and look at nothing.", valueName: "code")
    )
    var explain: String?

    @Flag(help: "List the rules, and look at nothing.")
    var list = false

    /// Answers and returns the exit code.
    func status() async -> Int32 {
        do {
            let disabled = try Lint.known(disable)
            if let page = try page() {
                Console.print(page)
                return 0
            }
            return await findings(try Inquiry(connection), disabled)
        } catch {
            return error.told()
        }
    }

    /// What is printed without looking at any database; `nil` if it was not asked for.
    private func page() throws(Misuse) -> String? {
        if list {
            return Rule.all.map { "\($0.code) (\($0.severity.rawValue)): \($0.title)" }
                .joined(separator: "\n")
        }
        guard let explain else { return nil }
        _ = try Lint.known([explain])
        return Rule.all.first { $0.code == explain }.map(LintPages.page)
    }

    private func findings(_ inquiry: Inquiry, _ disabled: Set<String>) async -> Int32 {
        let disabled = disabled.union(inquiry.settings.disabledLints)
        return await inquiry.status { access, connection in
            let findings = try Lint(
                access: access,
                selected: try patterns.selected(in: access.snapshot, with: connection),
                roles: roles,
                disabled: disabled
            ).findings(connection)
            switch format {
            case .json: Console.print(LintReport.json(of: findings))
            case .text:
                Console.print(LintReport.text(of: findings, isColoured: inquiry.isColoured))
            }
            let errors = findings.count { $0.severity == .error }
            return errors == 0
                ? Inquiry.Answer(0, findings.isEmpty ? "no findings" : "no finding is an error")
                : Inquiry.Answer(
                    ExitCode.failed,
                    "\(errors) \(errors == 1 ? "finding is an error" : "findings are errors")"
                )
        }
    }
}

/// The rules of `lint`, applied to one database.
struct Lint {
    let access: AccessMap
    var selected = Selection.Resolved.everything
    var roles: [String] = []
    var disabled: Set<String> = []

    /// Looks at the catalog that was read and, over the connection, at the ends of tables.
    ///
    /// - Throws: `Misuse` for an unknown role, `PostgresError`.
    func findings(_ connection: Connection) throws -> [Finding] {
        var declared: [OID] = []
        for name in roles {
            let role = try access.role(named: name, by: "--role")
            guard role != 0 else {
                throw Misuse(
                    message: "--role takes a role that the application works as, not public"
                )
            }
            declared.append(role)
        }
        func subject(_ extremes: ColumnExtremes) -> LintSubject {
            LintSubject(access, selected: selected, declared: declared, extremes: extremes)
        }
        guard !disabled.contains("sequence-behind") else {
            return subject(ColumnExtremes()).findings(disabled: disabled)
        }
        let questions = subject(ColumnExtremes()).questions
        let extremes = try ColumnExtremes.read(questions, from: connection)
        return subject(extremes).findings(disabled: disabled)
    }

    /// Returns the findings on a run's relations as cases of the run.
    ///
    /// - Throws: `Misuse`, `PostgresError`.
    static func records(
        _ snapshot: Snapshot,
        _ session: Session,
        without disabled: Set<String>,
        over connection: Connection
    ) throws -> [Record] {
        let objects = try ObjectCatalog.read(from: connection)
        return try Lint(
            access: AccessMap(snapshot, objects: objects),
            selected: session.selection.resolve(in: snapshot, with: connection),
            roles: session.roles,
            disabled: try known(disabled.sorted())
        ).findings(connection).map(\.record)
    }

    /// Makes sure that all of the codes are rules'.
    static func known(_ codes: [String]) throws(Misuse) -> Set<String> {
        let all = Rule.all.map(\.code)
        for code in codes where !all.contains(code) {
            throw Misuse(
                message: "'\(PrintableText.line(code))' is no rule of lint"
                    + NearestName.hint(code, among: all)
                    + "; pgsmoke lint --list names them"
            )
        }
        return Set(codes)
    }
}
