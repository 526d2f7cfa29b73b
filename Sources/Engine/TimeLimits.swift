/// How long the statements of a transaction may take and wait, in milliseconds.
struct TimeLimits: Sendable, Hashable {
    /// The longest wait for a lock.
    var lock: Int
    /// The longest statement.
    var statement: Int

    /// Both, where one of the other's is shorter, that.
    func shortened(to other: TimeLimits) -> TimeLimits {
        TimeLimits(lock: min(lock, other.lock), statement: min(statement, other.statement))
    }
}

extension EngineOptions {
    /// What the user allows.
    var limits: TimeLimits { TimeLimits(lock: lockTimeout, statement: statementTimeout) }
}
