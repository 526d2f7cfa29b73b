internal import Access
internal import Catalog
internal import Postgres
internal import Trials

extension Runner {
    /// Decides by the catalog what must not be tried: it would lock, damage or call what it is about.
    func decide(_ gathered: inout Gathered, _ trials: [Trial], _ context: RunContext) {
        for (place, trial) in trials.enumerated() where trial.operation.isDecidedByCatalog {
            guard case .ready(let frame)? = context.frames[trial.role],
                let decision = context.decision(on: trial, as: frame)
            else { continue }
            gathered.records[place] = record(of: trial, decision, frame, context)
            gathered.plans[place] = PlannedTrial(
                name: trial.name,
                remarks: ["decided by the catalog, nothing was sent"]
            )
        }
    }

    private func record(
        of trial: Trial,
        _ decision: AccessMap.Decision,
        _ frame: RoleFrame,
        _ context: RunContext
    ) -> Record {
        let (access, user) = (context.access, context.user)
        let isExpected = decision.isAllowed == (trial.expected == .allowed)
        var record = Record(
            trial: trial,
            verdict: isExpected ? .passed : .failed,
            reason: decision.reason,
            decidedBy: .catalog
        )
        if isExpected {
            record.reason = decision.isAllowed ? frame.vacuity : decision.note
            record.isVacuous = decision.isAllowed && frame.vacuity != nil
        } else if decision.isAllowed {
            record.problem = .unexpectedlyAllowed
        } else {
            record.problem = decision.missing.first.map { Problem($0) } ?? .missingTablePrivilege
            record.missing = decision.missing
            record.cure = decision.missing.map { missing in
                Cure(
                    sql: missing.grant(quotedBy: Identifier.sql),
                    runBy: access.grantors(of: missing, for: user).names.first ?? "",
                    isProven: false,
                    doubt: "the catalog decides here, so there was nothing to try it with"
                )
            }
        }
        return record
    }
}

extension RunContext {
    /// What the catalog says of a trial; `nil` if its object is gone.
    fileprivate func decision(on trial: Trial, as frame: RoleFrame) -> AccessMap.Decision? {
        let principal = access.principal(frame.effective.oid)
        switch trial.operation {
        case .create:
            return access.schema(named: trial.object.name).map {
                access.decision(onCreatingIn: $0, by: principal)
            }
        case .execute:
            return snapshot.routines.values.first { $0.objectName == trial.object }.map {
                access.decision(onExecuting: $0, by: principal)
            }
        default:
            return snapshot.relationsByName[trial.object].map {
                access.decision(on: trial.operation, by: principal, $0)
            }
        }
    }
}
