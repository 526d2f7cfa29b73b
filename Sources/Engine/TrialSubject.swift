internal import Catalog
internal import Postgres
internal import Trials

/// What a trial is carried out on.
enum TrialSubject {
    case relation(Relation)
    /// A routine, called as the user has written it.
    case routine(Routine, Declarations.Value)
}

extension RunContext {
    /// What a trial is carried out on; `nil` if nothing is: the catalog decides, or the object is gone.
    func subject(of trial: Trial) -> TrialSubject? {
        if let relation = snapshot.relationsByName[trial.object] { return .relation(relation) }
        guard trial.operation == .execute, !declarations.calls.isEmpty,
            let routine = snapshot.routines.values.first(where: { $0.objectName == trial.object })
        else { return nil }
        return declarations.calls[routine.oid].map { .routine(routine, $0) }
    }
}

extension LaneRunner {
    /// Carries one trial out by itself; `nil` if its role cannot be put on.
    func run(
        _ trial: Trial,
        at place: Int,
        on subject: TrialSubject
    ) throws(PostgresError) -> Record? {
        switch subject {
        case .relation(let relation):
            return try run(RelationWork(relation: relation, trials: [(place, trial)])).first?.record
        case .routine(let routine, let call):
            guard case .ready(let frame)? = context.frames[trial.role] else { return nil }
            guard frame.isDetectorProven else { return Self.detectorFailed(trial) }
            let pending = PendingTrial(
                place: place,
                trial: trial,
                frame: trial.expected == .denied ? frame.withoutReadOnly : frame
            )
            return try self.call(routine, as: call, pending).heldAgainstDenial()
        }
    }
}
