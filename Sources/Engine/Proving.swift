internal import Access
internal import Catalog
internal import Glibc
internal import Postgres
internal import Trials

extension Runner {
    /// Tries what would cure each failure, one after another, when all lanes have ended.
    func prove(
        _ gathered: inout Gathered,
        _ trials: [Trial],
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        let failed = gathered.records.filter { _, record in
            record.verdict == .failed && record.trial.expected == .allowed
                && record.decidedBy == .execution
                && !(record.missing.isEmpty && record.suspects.isEmpty)
        }
        guard !failed.isEmpty else { return }
        let runner = LaneRunner(context.forProofs, over: connection)
        defer { gathered.add(runner.consumed) }
        var proven: [MissingPrivilege: Record] = [:]
        let start = ContinuousClock.now
        for (place, record) in failed.sorted(by: { $0.key < $1.key }) {
            guard !stop.isRequested,
                let subject = context.subject(of: record.trial),
                let frame = context.frame(of: record.trial.role, gathered.logins)
            else { continue }
            let proof = Proof(
                access: context.access,
                user: context.user,
                runner: runner,
                subject: subject,
                place: place,
                role: frame.effective
            )
            guard context.canPutOn(frame) else {
                let doubt = context.whyUnseen(by: frame.effective)
                gathered.records[place] = proof.untriable(record, because: doubt)
                continue
            }
            if context.options.sequences == .preserve,
                context.snapshot.server.hasEventTriggers
            {
                let doubt =
                    "event triggers run at each GRANT and may draw from sequences, which "
                    + "--sequences preserve does not allow"
                gathered.records[place] = proof.untriable(record, because: doubt)
                continue
            }
            if ContinuousClock.now - start > Self.timeForProofs {
                let alike = record.missing.first.flatMap { proven[$0] }
                gathered.records[place] = proof.unproven(record, notTriedLike: alike)
                continue
            }
            do throws(PostgresError) {
                let isLogin = context.declarations.logins[record.trial.role] != nil
                let record =
                    try isLogin
                    ? proof.record(forLogin: record) : proof.record(for: record)
                gathered.records[place] = record
                if let first = record.missing.first, record.cure.allSatisfy(\.isProven) {
                    proven[first] = record
                }
            } catch {
                if case .server = error, !stop.isRequested { continue }
                throw error
            }
        }
    }

    /// As long as proofs may take altogether before the rest is told by analogy.
    private static let timeForProofs: Duration = .seconds(20)
}

extension Proof {
    /// The record of a trial for which there was no time; a failure of the same cause shows its cure.
    fileprivate func unproven(_ failed: Record, notTriedLike alike: Record?) -> Record {
        var record = failed
        record.suspects = []
        guard let alike else { return record }
        record.cure = alike.cure.map {
            Cure(
                sql: $0.sql,
                runBy: $0.runBy,
                isProven: false,
                doubt: "proven for \(alike.trial.name), where the same is missing; for this case "
                    + "there was no time"
            )
        }
        return record
    }
}

extension RunContext {
    /// The same with the time limits of a transaction that others may have to wait for.
    var forProofs: RunContext {
        var context = self
        context.options.lockTimeout = min(options.lockTimeout, Rehearsal.patience)
        context.options.statementTimeout = min(options.statementTimeout, Rehearsal.time)
        context.options.keepsPlans = false
        return context
    }
}

/// Waits a moment; nothing is held meanwhile.
func pause(milliseconds: Int) { usleep(UInt32(milliseconds * 1_000)) }
