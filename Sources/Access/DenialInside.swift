internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// A denial inside a function or trigger that the statement set off.
    func denialInside(
        _ error: ServerError,
        _ attempt: StatementAttempt,
        _ stage: Stage
    ) -> Judgement {
        let code = code(around: error, in: attempt)
        let place = routineNamed(by: error, in: attempt)
        return denial(error, inside: place, code.texts, principal(code.user), stage)
    }

    /// A denial inside code whose texts are known.
    func denial(
        _ error: ServerError,
        inside place: String,
        _ texts: [String],
        _ user: Principal,
        _ stage: Stage
    ) -> Judgement {
        let asked = Asked(error)
        let closed = likeliest(closedObjects(namedIn: texts, to: user, asked), error)
        guard let lacking = closed.first else {
            var judgement = unexplained(error, user, texts, stage, place)
            if case .anything = asked {} else { judgement.problem = .missingSequencePrivilege }
            return judgement
        }
        return Judgement(
            verdict: .failed,
            problem: Problem(lacking),
            reason: "needed inside \(place)",
            stage: stage,
            missing: [lacking],
            suspects: Array(closed.dropFirst())
        )
    }

    /// The innermost function of the error's context.
    func routine(namedBy error: ServerError, in attempt: StatementAttempt) -> Routine? {
        error.context == nil ? nil : code(around: error, in: attempt).routines.first
    }

    func routineNamed(by error: ServerError, in attempt: StatementAttempt) -> String {
        guard let routine = routine(namedBy: error, in: attempt) else {
            return "code that the \(attempt.operation.noun) sets off"
        }
        let triggers = layers(of: attempt).flatMap { snapshot.triggers[$0.relation.oid] ?? [] }
        let trigger = triggers.first { $0.routine == routine.oid }
        let function = "\(routine.objectName.kind.rawValue) \(routine.objectName.displayed)"
        return trigger.map { "\(function) (trigger \(Identifier.displayed($0.name)))" } ?? function
    }
}
