internal import Access
internal import Catalog
internal import Postgres
internal import Trials

extension Runner {
    /// Tries the tables that the next migration would make.
    func tryFuture(
        _ gathered: inout Gathered,
        _ trials: [Trial],
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        for (place, trial) in trials.enumerated()
        where trial.operation == .future && stop.reason == nil {
            guard let frame = context.frame(of: trial.role, gathered.logins),
                let creator = trial.creator.flatMap({ context.snapshot.rolesByName[$0] }),
                let schema = context.access.schema(named: trial.object.name)
            else { continue }
            guard context.canPutOn(frame) else {
                gathered.records[place] = Record(
                    trial: trial,
                    verdict: .skipped,
                    reason: context.whyUnseen(by: frame.effective)
                )
                continue
            }
            guard frame.isDetectorProven else {
                gathered.records[place] = LaneRunner.detectorFailed(trial)
                continue
            }
            let start = ContinuousClock.now
            var proof = FutureProof(FutureTrial(context, over: connection, frame, creator, schema))
            let finding = try proof.finding()
            var record = record(of: trial, finding, frame, creator)
            record.seconds = (ContinuousClock.now - start).seconds
            gathered.records[place] = record
            stop.heed([record])
            gathered.plans[place] = PlannedTrial(
                name: trial.name,
                statements: proof.sent.filter { $0 != "ROLLBACK" }.map { "\($0);" }
            )
        }
    }

    private func record(
        of trial: Trial,
        _ finding: FutureProof.Finding,
        _ frame: RoleFrame,
        _ creator: Role
    ) -> Record {
        let maker = Identifier.displayed(creator.name)
        switch finding.first {
        case .passed:
            var record = Record(
                trial: trial,
                verdict: .passed,
                reason: frame.vacuity,
                stage: .deferred
            )
            record.isVacuous = frame.vacuity != nil
            return record
        case .denied(let error, let lacking):
            let what = lacking.object.kind == .sequence ? "sequences" : "tables"
            return Record(
                trial: trial,
                verdict: .failed,
                reason: lacking.object.kind == .schema
                    ? "without it no table of the schema can be reached"
                    : "no default privileges of \(maker) give it on new \(what) of the schema",
                problem: Problem(lacking),
                stage: lacking.object.kind == .sequence ? .defaults : .tablePrivilege,
                sqlState: error.sqlState.code,
                message: error.message,
                tried: "a new table of \(maker) with a serial, an identity and a plain column",
                missing: finding.missing,
                cure: finding.cures
            )
        case .stopped(let why, let error):
            return Record(
                trial: trial,
                verdict: .inconclusive,
                reason: why,
                problem: .inconclusive,
                sqlState: error?.sqlState.code,
                message: error?.message
            )
        }
    }

    /// Says of each denial whether it will come back, and proves what ends that.
    func explainRecurrence(
        _ gathered: inout Gathered,
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) {
        var endings: [Ending: [Cure]] = [:]
        let failed = gathered.records.filter { $0.value.verdict == .failed }
        for (place, record) in failed.sorted(by: { $0.key < $1.key })
        where record.trial.operation != .future && !stop.isRequested {
            guard let frame = context.frame(of: record.trial.role, gathered.logins) else {
                continue
            }
            let own = record.missing.filter { $0.grantee == frame.effective.name }
            for missing in own {
                guard let why = context.access.recurrence(of: missing),
                    let relation = context.snapshot.relationsByName[missing.object],
                    let creator = context.snapshot.roles[relation.owner],
                    let schema = context.snapshot.schemas[relation.schemaOID]
                else { continue }
                let ending = Ending(role: frame.role.oid, creator: creator.oid, schema: schema.oid)
                if endings[ending] == nil {
                    endings[ending] = try cures(frame, creator, schema, context, over: connection)
                }
                gathered.records[place]?.recurrence = Recurrence(
                    why: why,
                    cure: endings[ending] ?? []
                )
                break
            }
        }
    }

    private struct Ending: Hashable {
        let role: OID
        let creator: OID
        let schema: OID
    }

    /// The default privileges with which a new table of the creator works for the role.
    private func cures(
        _ frame: RoleFrame,
        _ creator: Role,
        _ schema: Schema,
        _ context: RunContext,
        over connection: Connection
    ) throws(PostgresError) -> [Cure] {
        let access = context.access
        let heir = access.principal(frame.effective.oid)
        let trial = FutureTrial(context, over: connection, frame, creator, schema)
        var doubt =
            "\(Identifier.displayed(creator.name)) may not create tables in the schema itself"
        if !context.canPutOn(frame) {
            doubt = context.whyUnseen(by: frame.effective)
        } else if !context.snapshot.canSetRole(context.user.role, to: creator.oid) {
            doubt =
                "pgsmoke would need SET membership in \(Identifier.displayed(creator.name)) to try it"
        } else if access.has(access.principal(creator.oid), .create, on: schema) {
            var proof = FutureProof(trial)
            let finding = try proof.finding()
            let cures = finding.cures.filter { $0.sql.hasPrefix("ALTER DEFAULT") }
            if !cures.isEmpty { return cures }
            doubt = "a new table could not be tried"
        }
        let wanted: [(DefaultPrivileges.Objects, Privilege)] = [
            (.tables, .insert), (.sequences, .usage),
        ]
        return wanted.filter { objects, privilege in
            !access.willHave(
                heir,
                privilege,
                on: objects,
                madeBy: creator.oid,
                in: schema.oid
            )
        }
        .map {
            Cure(
                sql: trial.statement($0.0, quotedBy: Identifier.sql),
                runBy: creator.name,
                isProven: false,
                doubt: doubt
            )
        }
    }
}
