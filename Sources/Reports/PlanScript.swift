package import Trials

/// The SQL of a run as a script for `psql`.
package enum PlanScript {
    /// Returns the script; it prints one line `NUMBER SQLSTATE` for each trial and changes nothing.
    package static func text(of plans: [PlannedTrial], on server: ServerIdentity) -> String {
        let heading = [
            "-- pgsmoke plan: \(plans.count) trials on database "
                + "\(PrintableText.name(server.database)), PostgreSQL "
                + PrintableText.line(server.version),
            "-- Run it with psql as \(PrintableText.name(server.user)): it prints the number and the "
                + "SQLSTATE of each trial (before 18, 00000 also for a COPY that fails in its data).",
            "\\set ON_ERROR_STOP off",
            "\\set ON_ERROR_ROLLBACK off",
            "\\set AUTOCOMMIT on",
            "\\set QUIET on",
            // The rows of set_config and the like; \echo still speaks to stdout.
            "\\o /dev/null",
        ]
        let blocks = plans.enumerated().map { block($1, number: $0 + 1) }
        return ([heading] + blocks).map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
            + "\n"
    }

    private static func block(_ plan: PlannedTrial, number: Int) -> [String] {
        var lines = ["-- trial: \(PrintableText.line(plan.name))"]
        lines += plan.remarks.map { "-- \(PrintableText.line($0))" }
        guard !plan.statements.isEmpty else { return lines }
        lines += plan.statements
        return lines + ["\\echo \(number) :SQLSTATE", "ROLLBACK;"]
    }
}
