internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// A denial inside a function or trigger that the statement set off.
    func denialInside(
        _ error: ServerError,
        _ attempt: InsertAttempt,
        _ stage: Stage
    ) -> Judgement {
        let routine = routine(namedBy: error, in: attempt)
        let user =
            routine.map { $0.isSecurityDefiner ? $0.owner : attempt.role.oid } ?? attempt.role.oid
        let lacking = lackingInside(routine, error, principal(user))
        let problem: Problem =
            switch lacking?.object.kind {
            case .sequence: .missingSequencePrivilege
            case .schema: .missingSchemaPrivilege
            case .function: .missingFunctionPrivilege
            default:
                error.sourceFunction == "nextval_internal"
                    ? .missingSequencePrivilege : .missingTablePrivilege
            }
        return Judgement(
            verdict: .failed,
            problem: problem,
            reason: "needed inside \(routineNamed(by: error, in: attempt))",
            stage: stage,
            missing: lacking.map { [$0] } ?? []
        )
    }

    /// Finds the object inside a function: one that the catalog says is closed, and that the
    /// function's body or the error's context names.
    private func lackingInside(
        _ routine: Routine?,
        _ error: ServerError,
        _ user: Principal
    ) -> MissingPrivilege? {
        let context = Words(error.context ?? error.internalQuery ?? "")
        let texts = [context, Words(routine?.source ?? "")]
        var candidates: [(MissingPrivilege, name: String)] = []
        for text in texts {
            for relation in snapshot.orderedRelations where text.contain(relation.name) {
                if relation.kind == .sequence {
                    guard !canAdvance(user, relation) else { continue }
                    candidates.append(
                        (missing(.usage, on: relation.objectName, user), relation.name)
                    )
                } else if error.sourceFunction == "nextval_internal" {
                    for sequence in defaultSequences(of: relation) where !canAdvance(user, sequence)
                    {
                        let lacking = missing(.usage, on: sequence.objectName, user)
                        candidates.append((lacking, sequence.name))
                    }
                } else {
                    let needed = text.places(of: relation.name).compactMap {
                        text.privilege(at: $0)
                    }
                    let asked = needed.isEmpty ? [.select, .insert, .update, .delete] : needed
                    if let privilege = asked.first(where: { !hasAny(user, $0, on: relation) }) {
                        candidates.append(
                            (missing(privilege, on: relation.objectName, user), relation.name)
                        )
                    }
                }
            }
            guard error.sourceFunction != "nextval_internal" else { continue }
            for schema in snapshot.schemas.values.sorted(by: { $0.name < $1.name })
            where text.contain(schema.name) && !has(user, .usage, on: schema) {
                candidates.insert(
                    (missing(.usage, on: schemaName(schema), user), schema.name),
                    at: 0
                )
            }
            for routine in snapshot.routines.values.sorted(by: { $0.name < $1.name })
            where text.contain(routine.name) && !canExecute(user, routine) {
                candidates.append((missing(.execute, on: routine.objectName, user), routine.name))
            }
        }
        // The catalog has confirmed each; the message quotes the name in every language.
        return (candidates.first { Words(error.message).contain($0.name) } ?? candidates.first)?.0
    }

    private func defaultSequences(of relation: Relation) -> [Relation] {
        (snapshot.columns[relation.oid] ?? []).flatMap { column in
            let place = Reach.Place(relation: relation.oid, column: column.number)
            return snapshot.reach.defaultSequences[place] ?? []
        }.compactMap { snapshot.relations[$0] }
    }

    /// The innermost function of the error's context that the catalog knows to be in reach.
    func routine(namedBy error: ServerError, in attempt: InsertAttempt) -> Routine? {
        guard let context = error.context else { return nil }
        let words = Words(context)
        return snapshot.routines.values
            .compactMap { routine in
                words.places(of: routine.name).first.map { (routine, place: $0) }
            }
            .min { ($0.place, $0.0.oid) < ($1.place, $1.0.oid) }?.0
    }

    func routineNamed(by error: ServerError, in attempt: InsertAttempt) -> String {
        guard let routine = routine(namedBy: error, in: attempt) else {
            return "code that the insert sets off"
        }
        let triggers = layers(of: attempt).flatMap { snapshot.triggers[$0.relation.oid] ?? [] }
        let trigger = triggers.first { $0.routine == routine.oid }
        let function = "function \(routine.objectName.displayed)"
        return trigger.map { "\(function) (trigger \(Identifier.displayed($0.name)))" } ?? function
    }
}
