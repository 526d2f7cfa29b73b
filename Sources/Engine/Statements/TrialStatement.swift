internal import Access
internal import Catalog
internal import Trials

/// What a trial sends under its role, and what shows that it was really done.
struct TrialStatement {
    /// Each must affect, or return, one row.
    var lines: [String]
    /// The data of a COPY, which is the only line then.
    var copied: String?
    /// What the statement asks for on the relation.
    let needs: [StatementAttempt.Need]
    /// The columns that an INSERT names.
    var named: Set<Int> = []
    /// The row that must be there first.
    var row = PickedRow.none
    /// Whether a statement without a row says that the row was hidden or swallowed.
    var mustFindRow = true
    /// How long it may take, in milliseconds, if that is less than for others.
    var timeLimit: Int?
    /// What a reader must know of a pass: that it reads or writes some columns only.
    var remark: String?
    /// Why going through proves no more than the privileges.
    var doubt: String?

    /// The row that a statement picks.
    enum PickedRow {
        case none
        /// One that is put in place for it by the statements, as a role or as the connecting one.
        case own(lines: [String], inserter: String?)
        /// One that was there.
        case existing
    }

    /// Whether constraints may be left for the end: not by a query, nor where a row of our own has
    /// made them immediate.
    func leavesDeferred(by operation: Operation) -> Bool {
        !placesRow && operation != .select && operation != .selectForUpdate
    }

    /// Whether a row is put in place for it.
    var placesRow: Bool { if case .own = row { true } else { false } }

    /// Whether the row is one that was there, of which nothing is known.
    var picksExistingRow: Bool { if case .existing = row { true } else { false } }
}

/// A trial with the statement of one attempt at it.
struct PreparedTrial {
    let pending: PendingTrial
    let statement: TrialStatement

    /// What is to be known to understand an error of the statement.
    func attempt(on relation: Relation, isForcing: Bool) -> StatementAttempt {
        StatementAttempt(
            pending.trial.operation,
            role: pending.frame.effective,
            relation: relation,
            named: statement.named,
            needs: statement.needs,
            isForcingConstraints: isForcing,
            isReadOnlyBySetting: pending.frame.isReadOnly,
            settings: Set(pending.frame.settings.map(\.name))
        )
    }
}
