internal import Catalog
internal import Postgres

extension RunContext {
    /// The statements that open a transaction, with its time limits, and keep it out of others' way.
    func opening(_ isolation: String?, within limits: TimeLimits) -> [String] {
        var settings = [
            "lock_timeout": String(limits.lock),
            "statement_timeout": String(limits.statement),
            "idle_in_transaction_session_timeout": "10000",
            "synchronous_commit": "off",
        ]
        if snapshot.server.version >= 170_000 {
            settings["transaction_timeout"] = String(max(60_000, options.statementTimeout * 2))
        }
        if canSilenceStatistics { settings["pg_stat_statements.track"] = "none" }
        let calls = settings.sorted { $0.key < $1.key }
            .map { "pg_catalog.set_config('\($0.key)', '\($0.value)', true)" }
        return [
            "BEGIN\(isolation.map { " ISOLATION LEVEL \($0)" } ?? "") READ WRITE",
            "SELECT \(calls.joined(separator: ", "))",
        ]
    }
}

extension LaneRunner {
    /// Opens a transaction and puts its shields up: whoever works behind one has little time, since
    /// live writers wait for it.
    func open(
        _ script: inout TrialScript,
        behind shields: [Shield],
        _ isolation: String?
    ) throws(PostgresError) {
        let limits = limits(behind: shields)
        script.add(context.opening(isolation, within: limits))
        try add(shields, to: &script, lockTimeout: limits.lock)
    }

    /// Puts shields up in a transaction that is open, and goes back to its patience with locks.
    func add(
        _ shields: [Shield],
        to script: inout TrialScript,
        lockTimeout: Int
    ) throws(PostgresError) {
        for (index, shield) in shields.enumerated() {
            let lines = try shield.lines(with: connection, lockTimeout: lockTimeout)
            script.add(lines, for: .shield(index))
        }
    }

    /// The limits of a transaction: what the user allows and, behind shields, no more than theirs.
    func limits(behind shields: [Shield]) -> TimeLimits {
        let limits = context.options.limits
        return shields.isEmpty ? limits : limits.shortened(to: Shield.trialLimits)
    }
}
