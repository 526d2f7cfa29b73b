internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Keeps the statements that decide a trial, as if it had a transaction of its own.
    ///
    /// A later attempt at the same trial takes the place of an earlier one. `purpose` is that of the
    /// statement that failed, `nil` if the trial went all the way.
    func keepPlan(
        of pending: PendingTrial,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ isolation: String?,
        stoppedAt purpose: TrialScript.Purpose?
    ) throws(PostgresError) {
        guard context.options.keepsPlans else { return }
        let script = try script(draft, [pending], from: 0, shields, isolation, isContinuing: false)
        keepPlan(of: pending, script, draft, stoppedAt: purpose)
    }

    /// Keeps a script as it is.
    func keepPlan(
        of pending: PendingTrial,
        _ script: TrialScript,
        _ draft: RowDraft,
        stoppedAt purpose: TrialScript.Purpose?
    ) {
        guard context.options.keepsPlans else { return }
        let decisive = script.purposes.indices.last { place in
            purpose.map { script.purposes[place] == $0.ofFirstTrial }
                ?? script.purposes[place].isDecisive
        }
        let sent = script.statements.prefix((decisive ?? script.statements.count - 1) + 1)
        plans[pending.place] = PlannedTrial(
            name: pending.trial.name,
            statements: sent.filter { $0 != "ROLLBACK" },
            remarks: (draft.scaffold + [draft.row]).map(\.described)
        )
    }
}

extension TrialScript.Purpose {
    /// The same purpose in a script that holds one trial only.
    fileprivate var ofFirstTrial: Self {
        switch self {
        case .role: .role(0)
        case .statement: .statement(0)
        case .force: .force(0)
        case .forceScaffold: .forceScaffold(0)
        case .identity: .identity(0)
        case .frame, .gate, .grant, .shield, .scaffold, .preparation: self
        }
    }

    /// Whether a statement with the purpose can be the last word on a trial that passed.
    fileprivate var isDecisive: Bool {
        switch self {
        case .statement, .force, .forceScaffold: true
        case .frame, .gate, .grant, .shield, .scaffold, .preparation, .role, .identity: false
        }
    }
}
