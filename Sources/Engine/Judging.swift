internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Judges a trial that the server stopped.
    func stopped(
        _ prepared: PreparedTrial,
        _ draft: RowDraft,
        _ error: ServerError,
        isForcing: Bool
    ) -> Record {
        let attempt = prepared.attempt(on: draft.row.relation, isForcing: isForcing)
        let judgement = context.access.judge(error, of: attempt)
        let tried = described(prepared.pending.trial, draft)
        return stopped(prepared.pending, error, judgement, tried: tried)
    }

    /// Makes the record of a trial that the server stopped.
    func stopped(
        _ pending: PendingTrial,
        _ error: ServerError,
        _ judgement: Judgement,
        tried: String?
    ) -> Record {
        var record = record(of: judgement, for: pending, tried: tried)
        record.sqlState = error.sqlState.code
        record.message = message(of: error)
        return record
    }

    /// Turns what a judgement says into the record of a trial.
    func record(
        of judgement: Judgement,
        for pending: PendingTrial,
        tried: String?
    ) -> Record {
        var judgement = judgement
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
            tried: tried,
            missing: judgement.missing
        )
        record.suspects = judgement.suspects
        return record
    }

    /// Judges a trial for which no row could be put in place; without an error, code made another row
    /// of it.
    func rowFailed(_ pending: PendingTrial, _ draft: RowDraft, _ error: ServerError?) -> Record {
        let trial = pending.trial
        let name = draft.row.relation.objectName.displayed
        var record = Record(
            trial: trial,
            verdict: .inconclusive,
            reason: "no row could be put into \(name) for it to work on"
                + (error == nil ? ": a trigger or rule made another row of it" : ""),
            problem: .inconclusive,
            sqlState: error?.sqlState.code,
            message: error.map(message),
            tried: described(trial, draft)
        )
        if let obstacle = error?.obstacle { (record.verdict, record.problem) = (.error, obstacle) }
        guard let error else { return record }
        if error.sqlState == .insufficientPrivilege, error.isInOurStatement {
            record.reason = closedReason(draft.row.relation)
        } else if let why = missingSetting(error, stopping: draft.row, for: pending) {
            record.reason = why
        }
        return record
    }

    /// Says that a row could not be put in place for want of a parameter, which the role's sessions
    /// have no value for either; `nil` for all other errors.
    private func missingSetting(
        _ error: ServerError,
        stopping row: RowDraft.Row,
        for pending: PendingTrial
    ) -> String? {
        let attempt = StatementAttempt(
            role: pending.frame.effective,
            relation: row.relation,
            named: Set(row.values.keys),
            isForcingConstraints: false,
            settings: Set(pending.frame.settings.map(\.name))
        )
        let judgement = context.access.judgeMissingSetting(error, of: attempt, at: .defaults)
        return judgement.flatMap { $0.verdict == .inconclusive ? $0.reason : nil }
    }

    /// Judges a trial whose parents could not be put in place.
    func scaffoldFailed(
        _ pending: PendingTrial,
        _ draft: RowDraft,
        _ index: Int,
        _ error: ServerError
    ) -> Record {
        let trial = pending.trial
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
            tried: described(trial, draft)
        )
        if let obstacle = error.obstacle {
            (record.verdict, record.problem) = (.error, obstacle)
            record.reason = "the scaffold row in \(name) could not be put in place in time"
        }
        if let parent, error.sqlState == .insufficientPrivilege, error.isInOurStatement {
            record.reason = closedReason(parent)
        } else if parent != nil,
            let why = missingSetting(error, stopping: draft.scaffold[index], for: pending)
        {
            record.reason = why
        }
        if parent == nil, let table = draft.vacancy?.row.relation.objectName.displayed {
            record.reason = "\(table) is full, and no row of it could be taken away in time"
        }
        return record
    }

    /// Judges a trial for which no statement can be written.
    func notPossible(_ trial: Trial, _ draft: RowDraft) -> Record {
        let why: String =
            switch trial.operation {
            case .copy:
                "COPY must name a column, and every column of the relation fills itself"
            case .update:
                "the relation has no column that an UPDATE could set, or none to pick a row by"
            default: "the relation has no column to pick a row by"
            }
        return Record(
            trial: trial,
            verdict: .inconclusive,
            reason: why,
            problem: .inconclusive,
            tried: described(trial, draft)
        )
    }

    /// The statement for readers: the values of its row by their sources.
    func described(_ trial: Trial, _ draft: RowDraft) -> String {
        let row = draft.row.described(showingValues: context.options.showsRows)
        let name = PrintableText.line(Identifier.sql(draft.row.relation.objectName))
        return switch trial.operation {
        case .insert: row
        case .insertReturning: "\(row) RETURNING …"
        case .upsert: "\(row) ON CONFLICT … DO UPDATE"
        case .merge: "MERGE INTO \(name) …, with the row of \(row)"
        case .copy: "COPY \(name) FROM STDIN, with the row of \(row)"
        case .select: "SELECT … FROM \(name), on the row of \(row)"
        case .selectForUpdate: "SELECT … FROM \(name) … FOR UPDATE, on the row of \(row)"
        case .update: "UPDATE \(name) …, on the row of \(row)"
        case .delete: "DELETE FROM \(name) …, on the row of \(row)"
        default: row
        }
    }

    private func closedReason(_ parent: Relation) -> String {
        let name = parent.objectName.displayed
        let owner = Identifier.displayed(context.snapshot.roleName(parent.owner))
        guard let inserter = context.inserter(parent) else {
            let user = Identifier.displayed(context.snapshot.roleName(context.user.role))
            if context.login != nil {
                return "no row to refer to: \(name) is empty or closed to \(user), and over its "
                    + "login nobody else can put one in place"
            }
            return "no row to refer to: \(name) is empty or closed to \(user), and only SET "
                + "membership in its owner \(owner) would allow pgsmoke to put one in place"
        }
        let denied =
            "no row to refer to: \(name) is empty or unsuitable, and "
            + "\(Identifier.displayed(inserter)) was denied a new row there"
        return Identifier.displayed(inserter) == owner || context.login != nil
            ? denied : denied + "; SET membership in its owner \(owner) would allow another"
    }

    /// The server's detail quotes rows: it is shown only to who asked for them.
    private func message(of error: ServerError) -> String {
        guard context.options.showsRows, let detail = error.detail else { return error.message }
        return "\(error.message): \(detail)"
    }
}

extension ServerError {
    /// What another moment might not have brought: a lock, a time limit, a deadlock; `nil` for all else.
    var obstacle: Problem? {
        switch sqlState {
        case .lockNotAvailable: .locked
        case .queryCanceled: .timeout
        case .deadlockDetected: .deadlock
        default: nil
        }
    }
}
