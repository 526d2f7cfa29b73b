internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Judges a trial that the server stopped.
    func stopped(
        _ pending: PendingTrial,
        _ draft: RowDraft,
        _ error: ServerError,
        isForcing: Bool
    ) -> Record {
        let attempt = InsertAttempt(
            role: pending.frame.effective,
            relation: draft.row.relation,
            named: draft.named,
            isForcingConstraints: isForcing,
            isReadOnlyBySetting: pending.frame.isReadOnly
        )
        var judgement = context.access.judge(error, of: attempt)
        if pending.trial.isInferred {
            // The grants speak of one thing, policies and settings of another.
            switch judgement.problem {
            case .rowSecurity:
                judgement.verdict = .skipped
                judgement.reason = "by policy: \(judgement.reason)"
            case .readOnlyRole:
                judgement.verdict = .skipped
                judgement.reason = "by setting: \(judgement.reason)"
            default: break
            }
        }
        var record = Record(
            trial: pending.trial,
            verdict: judgement.verdict,
            reason: judgement.reason,
            problem: judgement.problem,
            stage: judgement.stage,
            sqlState: error.sqlState.code,
            message: message(of: error),
            tried: draft.row.described(showingValues: context.options.showsRows),
            missing: judgement.missing
        )
        record.suspects = judgement.suspects
        return record
    }

    /// Judges a trial whose parents could not be put in place.
    func scaffoldFailed(
        _ trial: Trial,
        _ draft: RowDraft,
        _ index: Int,
        _ error: ServerError
    ) -> Record {
        let parent = draft.scaffold.indices.contains(index) ? draft.scaffold[index].relation : nil
        let name = parent?.objectName.displayed ?? "its parents"
        var record = Record(
            trial: trial,
            verdict: .inconclusive,
            reason:
                "no row to refer to: \(name) is empty or unsuitable, and a row could not be put "
                + "in place there",
            problem: .inconclusive,
            sqlState: error.sqlState.code,
            message: message(of: error),
            tried: draft.row.described(showingValues: context.options.showsRows)
        )
        switch error.sqlState {
        case .lockNotAvailable, .queryCanceled, .deadlockDetected:
            record.verdict = .error
            record.problem =
                error.sqlState == .lockNotAvailable
                ? .locked : error.sqlState == .queryCanceled ? .timeout : .deadlock
            record.reason = "the scaffold row in \(name) could not be put in place in time"
        case .insufficientPrivilege where error.isInOurStatement:
            if let parent { record.reason = closedReason(parent) }
        default: break
        }
        return record
    }

    private func closedReason(_ parent: Relation) -> String {
        let name = parent.objectName.displayed
        let owner = Identifier.displayed(context.snapshot.roleName(parent.owner))
        guard let inserter = context.inserter(parent) else {
            let user = Identifier.displayed(context.snapshot.roleName(context.user.role))
            return "no row to refer to: \(name) is empty or closed to \(user), and only SET "
                + "membership in its owner \(owner) would allow pgsmoke to put one in place"
        }
        return "no row to refer to: \(name) is empty or unsuitable, and "
            + "\(Identifier.displayed(inserter)) was denied a new row there"
    }

    /// The server's detail quotes rows: it is shown only to who asked for them.
    private func message(of error: ServerError) -> String {
        guard context.options.showsRows, let detail = error.detail else { return error.message }
        return "\(error.message): \(detail)"
    }
}
