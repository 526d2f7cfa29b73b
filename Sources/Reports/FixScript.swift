package import Trials

/// The proven cures of a run as one script for `psql`.
package enum FixScript {
    /// Whether the script cures every failure of the run.
    package static func curesEverything(_ report: RunReport) -> Bool {
        withoutLint(report).records.allSatisfy { record in
            switch record.verdict {
            case .failed, .uncovered: isCured(record)
            case .passed, .skipped, .inconclusive, .error: true
            }
        }
    }

    /// Returns the script: one transaction, grouped by the role that must run each statement, the same
    /// from run to run; running it twice does no harm.
    ///
    /// What is not proven stands there as a comment.
    package static func text(of report: RunReport) -> String {
        let report = withoutLint(report)
        let cured = report.records.filter(isCured)
        let failures = report.count(of: .failed) + report.count(of: .uncovered)
        let groups = grouped(cured)
        var lines = heading(report, statements: groups.flatMap(\.statements).count, failures)
        if !groups.isEmpty {
            lines += ["", "BEGIN;"]
            for group in groups {
                lines += ["", "SET LOCAL ROLE \(Identifier.sql(group.role));"]
                for statement in group.statements {
                    lines += statement.cases.map { "-- cures: \(PrintableText.line($0))" }
                    lines.append("\(statement.sql);")
                }
                lines.append("SET LOCAL ROLE NONE;")
            }
            lines += ["", "COMMIT;"]
        }
        return (lines + left(report) + recurring(report)).joined(separator: "\n") + "\n"
    }

    /// The run without what was only looked up: what mends a finding takes things away, or counts.
    private static func withoutLint(_ report: RunReport) -> RunReport {
        var report = report
        report.records.removeAll { $0.trial.operation == .lint }
        return report
    }

    private static func isCured(_ record: Record) -> Bool {
        (record.verdict == .failed || record.problem == .setRole) && !record.cure.isEmpty
            && record.cure.allSatisfy(\.isProven)
    }

    private static func heading(
        _ report: RunReport,
        statements: Int,
        _ failures: Int
    ) -> [String] {
        let place =
            report.server.map {
                "database \(PrintableText.name($0.database)), PostgreSQL "
                    + PrintableText.line($0.version)
            } ?? "no server"
        var lines = [
            "-- pgsmoke fix: \(Quantity(statements, "statement")) for "
                + "\(Quantity(failures, "failure")), \(place)"
        ]
        if statements > 0 {
            lines += [
                "-- Run it with psql -X -v ON_ERROR_STOP=1 -f, as a superuser or as a role that may "
                    + "SET ROLE to those named.",
                "-- Each statement was tried in a transaction that was rolled back.",
            ]
        }
        return lines
    }

    private struct Statement {
        let sql: String
        var cases: [String]
    }

    private struct Group {
        let role: String
        var statements: [Statement]

        /// Whether a statement opens a schema to a role, which may need that for its own statements.
        func opensSchema(to role: String) -> Bool {
            let end = " TO \(Identifier.sql(role))"
            return statements.contains {
                $0.sql.hasPrefix("GRANT USAGE ON SCHEMA ") && $0.sql.hasSuffix(end)
            }
        }
    }

    /// The groups in the order of their roles' names, but each behind those that open a schema to it.
    private static func ordered(_ groups: [Group]) -> [Group] {
        var rest = groups.sorted { $0.role < $1.role }
        var ordered: [Group] = []
        while !rest.isEmpty {
            let next = rest.firstIndex { group in
                !rest.contains { $0.role != group.role && $0.opensSchema(to: group.role) }
            }
            ordered.append(rest.remove(at: next ?? 0))
        }
        return ordered
    }

    /// Takes what is granted on single columns into what is granted on the whole relation.
    private static func withoutColumnsOfWholes(_ cases: [Key: [String]]) -> [Key: [String]] {
        var kept = cases
        for (whole, wholeCases) in cases {
            let parts = whole.sql.split(separator: " ", maxSplits: 2)
            guard parts.count == 3, parts[0] == "GRANT", parts[2].hasPrefix("ON ") else { continue }
            for key in cases.keys where key.role == whole.role {
                guard key.sql.hasPrefix("GRANT \(parts[1]) ("), key.sql.hasSuffix(") \(parts[2])")
                else { continue }
                let own = kept.removeValue(forKey: key) ?? []
                kept[whole] = Array(Set((kept[whole] ?? wholeCases) + own))
            }
        }
        return kept
    }

    /// The statements by the role that runs them, each once; statements by text.
    private static func grouped(_ records: [Record]) -> [Group] {
        var cases: [Key: [String]] = [:]
        for record in records {
            for cure in record.cure {
                let key = Key(role: cure.runBy, sql: cure.sql)
                if cases[key]?.contains(record.trial.name) != true {
                    cases[key, default: []].append(record.trial.name)
                }
            }
        }
        let groups = Dictionary(grouping: withoutColumnsOfWholes(cases), by: \.key.role)
            .map { role, statements in
                Group(
                    role: role,
                    statements: statements.map {
                        Statement(sql: $0.key.sql, cases: $0.value.sorted())
                    }
                    .sorted { $0.sql < $1.sql }
                )
            }
        return ordered(groups)
    }

    private struct Key: Hashable {
        let role: String
        let sql: String
    }

    /// The failures that the script does not cure, with what is known.
    private static func left(_ report: RunReport) -> [String] {
        let left = report.records.filter {
            [.failed, .uncovered].contains($0.verdict) && !isCured($0)
        }
        guard !left.isEmpty else { return [] }
        var lines = ["", "-- Not cured by this script:"]
        for record in left {
            lines.append("-- \(PrintableText.line(record.trial.name)): \(record.headline)")
            if let doubt = record.cure.lazy.compactMap(\.doubt).first {
                lines.append("--   not proven: \(PrintableText.line(doubt))")
            }
            lines += record.cure.map {
                "--   as \(PrintableText.name($0.runBy)): \(PrintableText.line($0.sql));"
            }
        }
        return lines
    }

    /// What keeps the failures from coming back with the next object, for a person to decide.
    private static func recurring(_ report: RunReport) -> [String] {
        var seen: Set<Recurrence> = []
        let recurrences = report.records.compactMap(\.recurrence)
            .filter { !$0.cure.isEmpty && seen.insert($0).inserted }
        guard !recurrences.isEmpty else { return [] }
        var lines = ["", "-- For the tables that are still to be made:"]
        for recurrence in recurrences {
            lines.append("-- \(PrintableText.line(recurrence.why))")
            lines += recurrence.cure.map {
                let role = PrintableText.name($0.runBy)
                return "--   as \(role)\($0.isProven ? "" : ", not proven"): "
                    + "\(PrintableText.line($0.sql));"
            }
        }
        return lines
    }
}
