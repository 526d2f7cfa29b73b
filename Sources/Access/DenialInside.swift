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
        let users = [code.user] + ownersOfChildren(behind: code, attempt)
        return denial(error, inside: place, code.texts, users.map(principal), stage)
    }

    /// The owners of tables to which a change of the relation's keys cascades and whose triggers are at
    /// work: the server acts with their rights (manual, 5.4.5, Foreign Keys).
    private func ownersOfChildren(
        behind code: CodeInContext,
        _ attempt: StatementAttempt
    ) -> [OID] {
        guard attempt.event == .delete || attempt.event == .update else { return [] }
        let routines = Set(code.routines.map(\.oid))
        var owners: [OID] = []
        var pending = [attempt.relation.oid]
        var visited = Set(pending)
        while let table = pending.popLast() {
            for key in snapshot.keys(referringTo: table)
            where visited.insert(key.relation).inserted {
                pending.append(key.relation)
                let triggers = snapshot.triggers[key.relation] ?? []
                guard triggers.contains(where: { routines.contains($0.routine) }),
                    let owner = snapshot.relations[key.relation]?.owner
                else { continue }
                owners.append(owner)
            }
        }
        return owners
    }

    /// A denial inside code whose texts are known, and the roles whose rights may have counted.
    func denial(
        _ error: ServerError,
        inside place: String,
        _ texts: [String],
        _ users: [Principal],
        _ stage: Stage
    ) -> Judgement {
        let asked = Asked(error)
        let found = users.flatMap { closedObjects(namedIn: texts, to: $0, asked) }
        let closed = likeliest(found, error)
        guard let lacking = closed.first else {
            var judgement = unexplained(error, users[0], texts, stage, place)
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
