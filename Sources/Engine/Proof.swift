internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// Finds the smallest set of grants with which a failed trial passes, by trying.
///
/// Every try is a transaction of its own that is rolled back. What is missing next shows only when
/// what was missing first is there; what the catalog merely suspects is tried as well, and taken away
/// again if the trial passes without it.
struct Proof {
    let access: AccessMap
    let user: Principal
    let runner: LaneRunner
    let subject: TrialSubject
    let place: Int
    /// The role whose privileges count.
    let role: Role

    /// What became of one try.
    private enum Try {
        case record(Record)
        /// The grants could not be carried out, or their transaction met a lock.
        case obstacle(String)
    }

    /// Returns the failed record with what cures it.
    func record(for failed: Record) throws(PostgresError) -> Record {
        var grants: [PlannedGrant] = []
        var current = failed
        while grants.count < Self.most {
            guard let next = next(after: current, besides: grants) else {
                if !grants.isEmpty, current.message == failed.message { return incurable(failed) }
                return grants.isEmpty ? failed : unproven(failed, grants, notCured(current))
            }
            let possible = possibleGrants(for: next)
            guard let grant = possible.first else { return ungrantable(failed, grants, next) }
            grants.append(grant)
            var outcome = try attempt(failed.trial, with: grants)
            for other in possible.dropFirst() {
                guard case .obstacle = outcome else { break }
                grants[grants.count - 1] = other
                outcome = try attempt(failed.trial, with: grants)
            }
            switch outcome {
            case .obstacle(let why): return unproven(failed, grants, why)
            case .record(let record) where record.verdict == .passed:
                return cured(failed, by: try smallest(grants, failed.trial, record))
            case .record(let record) where record.verdict == .failed: current = record
            case .record(let record):
                let needed = try smallest(grants, failed.trial, record)
                return unproven(failed, all: needed, notCured(record))
            }
        }
        return unproven(failed, grants, "more grants were needed than pgsmoke tries")
    }

    private static let most = 24

    /// What is missing, or may be, and has not been tried.
    private func next(
        after record: Record,
        besides grants: [PlannedGrant]
    ) -> MissingPrivilege? {
        (record.missing + record.suspects).first { missing in
            !isForbidden(missing) && !grants.contains { $0.missing == missing }
        }
    }

    /// What no cure may hand out: with UPDATE a role could set a sequence back.
    func isForbidden(_ missing: MissingPrivilege) -> Bool {
        missing.object.kind == .sequence && missing.privilege == Privilege.update.rawValue
    }

    /// The grants that would give what is missing and that the connecting role can carry out.
    private func possibleGrants(for missing: MissingPrivilege) -> [PlannedGrant] {
        [access.uninherited(missing), missing].compactMap(\.self).flatMap { grant in
            access.grantors(of: grant, for: user).usable.map {
                PlannedGrant(missing: missing, grant: grant, grantor: $0)
            }
        }
    }

    /// Leaves away what the trial comes as far without.
    private func smallest(
        _ grants: [PlannedGrant],
        _ trial: Trial,
        _ reached: Record
    ) throws(PostgresError) -> [PlannedGrant] {
        var grants = grants
        var index = 0
        while grants.count > 1, index < grants.count {
            var fewer = grants
            fewer.remove(at: index)
            if case .record(let record) = try attempt(trial, with: fewer),
                record.verdict == reached.verdict, record.stage == reached.stage
            {
                grants = fewer
            } else {
                index += 1
            }
        }
        return grants
    }

    /// Carries the trial out after the grants; what met a lock is tried again after a moment.
    private func attempt(
        _ trial: Trial,
        with grants: [PlannedGrant]
    ) throws(PostgresError) -> Try {
        var obstacle = ""
        var timeouts = 0
        for round in 0..<Self.rounds where timeouts < Self.longRounds {
            if round > 0 { pause(milliseconds: 30 * round) }
            runner.rehearse(grants, for: subject, access)
            do throws(PostgresError) {
                guard let record = try runner.run(trial, at: place, on: subject) else {
                    return .obstacle("the role cannot be set")
                }
                guard let problem = record.problem, problem.isTransient else {
                    return .record(record)
                }
                obstacle = problem == .timeout ? Self.tooLong : Self.locked
                if problem == .timeout { timeouts += 1 }
            } catch {
                guard case .server(let answer) = error, let failure = runner.rehearsal?.failure
                else { throw error }
                switch answer.sqlState {
                case _ where failure.purpose == .gate:
                    obstacle = "other runs of pgsmoke were proving all the time"
                case .queryCanceled:
                    obstacle = Self.tooLong
                    timeouts += 1
                case .lockNotAvailable, .deadlockDetected, Self.concurrentlyUpdated:
                    obstacle = "somebody else is changing the same object's grants"
                default: return .obstacle("the grant was refused: \(answer.message)")
                }
            }
        }
        return .obstacle(obstacle)
    }

    private static let rounds = 6
    /// How often a proof may take all of its time: what is slow once mostly stays so.
    private static let longRounds = 2
    private static let concurrentlyUpdated = SQLState("XX000")
    private static let locked = "it met a lock, and must not make others wait longer"
    private static let tooLong =
        "with the grants it takes longer than the \(Rehearsal.time) ms for which a proof may make "
        + "others wait"
}
