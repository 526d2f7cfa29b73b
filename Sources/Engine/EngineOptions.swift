/// What to do with the sequences that a trial draws from.
package enum SequencePolicy: String, Sendable, Hashable, CaseIterable {
    /// Shield a sequence that nobody uses, else consume and count its values.
    case auto
    /// Never consume: a sequence that cannot be shielded is an error before the trial.
    case preserve
    /// Never shield.
    case consume
}

/// How trials are carried out.
package struct EngineOptions: Sendable, Hashable {
    package var jobs: Int
    package var sequences: SequencePolicy
    /// In milliseconds.
    package var lockTimeout: Int
    /// In milliseconds.
    package var statementTimeout: Int
    /// Whether the statements that decide the trials are kept, for `pgsmoke plan`.
    package var keepsPlans = false
    /// How long the search for a row may take for one table, in milliseconds.
    package var rowBudget: Int
    /// Whether reports may show the values of rows.
    package var showsRows: Bool
    /// Whether cures are tried after the trials.
    package var provesCures = true

    package init(
        jobs: Int = 1,
        sequences: SequencePolicy = .auto,
        lockTimeout: Int = 2_000,
        statementTimeout: Int = 30_000,
        rowBudget: Int = 2_000,
        showsRows: Bool = false
    ) {
        self.jobs = jobs
        self.sequences = sequences
        self.lockTimeout = lockTimeout
        self.statementTimeout = statementTimeout
        self.rowBudget = rowBudget
        self.showsRows = showsRows
    }
}
