internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Keeps the statements that decide a trial, as if it had a transaction of its own.
    ///
    /// A later attempt at the same trial takes the place of an earlier one. The failure is that of the
    /// statement that was refused, by its place among those of its purpose; `nil` if the trial went
    /// all the way.
    func keepPlan(
        of prepared: PreparedTrial,
        _ draft: RowDraft,
        _ shields: [Shield],
        _ isolation: String?,
        stoppedAt failure: (purpose: TrialScript.Purpose, ordinal: Int)?
    ) throws(PostgresError) {
        guard context.options.keepsPlans else { return }
        let script = try script(draft, [prepared], shields, isolation)
        keepPlan(of: prepared.pending, script, remarks: draft.remarks, stoppedAt: failure)
    }

    /// Keeps a script as it is.
    func keepPlan(
        of pending: PendingTrial,
        _ script: TrialScript,
        remarks: [String],
        stoppedAt failure: (purpose: TrialScript.Purpose, ordinal: Int)?
    ) {
        guard context.options.keepsPlans else { return }
        let places = script.purposes.indices.filter { place in
            failure.map { script.purposes[place] == $0.purpose.ofFirstTrial }
                ?? script.purposes[place].isDecisive
        }
        let ordinal = failure?.ordinal ?? places.count - 1
        let decisive = places.indices.contains(ordinal) ? places[ordinal] : places.last
        let sent = script.forReaders.prefix((decisive ?? script.statements.count - 1) + 1)
        plans[pending.place] = PlannedTrial(
            name: pending.trial.name,
            statements: sent.filter { $0 != "ROLLBACK;" },
            remarks: remarks
        )
    }
}

extension RowDraft {
    /// Where the values of its rows came from, a line each.
    var remarks: [String] { (scaffold + [row]).map(\.described) }
}

extension TrialScript.Purpose {
    /// The same purpose in a script that holds one trial only.
    fileprivate var ofFirstTrial: Self {
        switch self {
        case .ownRow: .ownRow(0)
        case .role: .role(0)
        case .statement: .statement(0)
        case .follower(_, let index): .follower(0, index)
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
        case .frame, .gate, .grant, .shield, .scaffold, .preparation, .ownRow, .role, .follower,
            .identity:
            false
        }
    }
}
