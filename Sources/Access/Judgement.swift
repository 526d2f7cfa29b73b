internal import Catalog
package import Postgres
package import Trials

/// What an error of a statement means for an expectation that it is allowed.
package struct Judgement: Sendable, Hashable {
    package var verdict: Verdict
    package var problem: Problem
    package var reason: String
    package var stage: Stage
    package var missing: [MissingPrivilege] = []
    /// What else may be lacking, all of it confirmed by the catalog, the likeliest first.
    package var suspects: [MissingPrivilege] = []
}

extension AccessMap {
    /// Decides by SQLSTATE, source function, context and catalog, never by the message's text.
    package func judge(_ error: ServerError, of attempt: StatementAttempt) -> Judgement {
        let stage = stage(of: error, in: attempt)
        func judgement(_ verdict: Verdict, _ problem: Problem, _ reason: String) -> Judgement {
            Judgement(verdict: verdict, problem: problem, reason: reason, stage: stage)
        }
        // A RAISE in a function can carry any SQLSTATE.
        if error.sourceFunction == "exec_stmt_raise" {
            return judgement(
                .inconclusive,
                .inconclusive,
                "TriggerRule: \(routineNamed(by: error, in: attempt)) refused the row by RAISE; "
                    + "no GRANT cures that"
            )
        }
        switch error.sqlState {
        case .insufficientPrivilege: return denial(error, of: attempt, at: stage)
        case .readOnlyTransaction:
            return attempt.isReadOnlyBySetting
                ? judgement(
                    .failed,
                    .readOnlyRole,
                    "the role's settings make its transactions read only "
                        + "(default_transaction_read_only), so no application can \(attempt.operation.verb) as it"
                )
                : judgement(
                    .inconclusive,
                    .inconclusive,
                    "TriggerRule: code that the statement sets off made the transaction read only"
                )
        case .sequenceLimitExceeded:
            return judgement(
                .failed,
                .sequenceExhausted,
                "the sequence has no value left; no role can \(attempt.operation.verb)"
            )
        default: break
        }
        if let obstacle = judgeObstacle(error, at: stage) { return obstacle }
        if let judgement = judgeMissingSetting(error, of: attempt, at: stage) { return judgement }
        switch error.sqlState.conditionClass {
        case "42", "3F": return brokenCode(error, of: attempt, at: stage)
        default: return dataProblem(error, of: attempt, at: stage)
        }
    }

    /// What stopped a trial that another moment, or another server, might not; `nil` for all else.
    func judgeObstacle(_ error: ServerError, at stage: Stage) -> Judgement? {
        func judgement(_ problem: Problem, _ reason: String) -> Judgement {
            Judgement(verdict: .error, problem: problem, reason: reason, stage: stage)
        }
        switch error.sqlState {
        case .lockNotAvailable:
            return judgement(.locked, "somebody else holds a lock that the trial waited for")
        case .queryCanceled:
            return judgement(.timeout, "the trial did not finish within its time limit")
        default: break
        }
        switch error.sqlState.conditionClass {
        case "40": return judgement(.deadlock, "the trial was the victim of a deadlock")
        case "53", "57", "58", "08", "XX":
            return judgement(.connectionLost, "the server could not go on")
        default: return nil
        }
    }

    /// Understands 22xxx, 23xxx and what else the row's content can bring about.
    private func dataProblem(
        _ error: ServerError,
        of attempt: StatementAttempt,
        at stage: Stage
    ) -> Judgement {
        func judgement(_ verdict: Verdict, _ problem: Problem, _ reason: String) -> Judgement {
            Judgement(verdict: verdict, problem: problem, reason: reason, stage: stage)
        }
        if error.sourceFunction == "CheckCmdReplicaIdentity" {
            return judgement(
                .failed,
                .missingReplicaIdentity,
                "the table is published without a replica identity, so no application can "
                    + "\(attempt.operation.verb); a primary key or ALTER TABLE … REPLICA IDENTITY would do"
            )
        }
        if error.sqlState == .featureNotSupported, attempt.operation == .copy,
            layers(of: attempt).contains(where: \.relation.hasRowSecurity)
        {
            return judgement(
                .failed,
                .rowSecurity,
                "COPY FROM is not possible where row security applies to the role; no GRANT cures this"
            )
        }
        if error.sqlState == .featureNotSupported, error.isInOurStatement,
            [.insertReturning, .upsert, .merge].contains(attempt.operation),
            layers(of: attempt).contains(where: \.relation.hasRules)
        {
            return judgement(
                .inconclusive,
                .inconclusive,
                "rules take the place of what is done to \(attempt.relation.objectName.displayed), and "
                    + "the server carries out no \(attempt.operation.rawValue) through them, whoever asks"
            )
        }
        if error.sqlState == .featureNotSupported {
            return judgement(
                .inconclusive,
                .inconclusive,
                "the \(attempt.operation.noun) needs a feature that this server was built without"
            )
        }
        // A constraint of a domain within a composite value refuses it as the statement is read.
        if error.isInOurStatement, error.position != nil, error.sqlState.conditionClass != "23" {
            return judgement(
                .error,
                .invalidStatement,
                "the server cannot read the statement that pgsmoke made"
            )
        }
        // A MERGE that may read no row does not find the one that it has put in, and inserts it again.
        if error.sqlState == .uniqueViolation, error.isInOurStatement, attempt.operation == .merge,
            isClosedByPolicy(.select, principal(attempt.role.oid), on: attempt.relation)
        {
            return judgement(.failed, .rowSecurity, policyReason(of: attempt))
        }
        let fed = layers(of: attempt).flatMap { $0.sequenceColumns(in: snapshot) }
        if error.sqlState == .uniqueViolation, error.isInOurStatement,
            let (column, sequence) = sequenceColumn(among: fed, violating: error, in: attempt)
        {
            return judgement(
                .failed,
                .sequenceBehind,
                "the sequence \(sequence.objectName.displayed) is behind the values of column "
                    + "\(Identifier.displayed(column.name)); no role can insert until it is set right"
            )
        }
        if error.sqlState == .numericValueOutOfRange, error.isInOurStatement,
            let (column, sequence) = fed.first(where: { isShortInteger($0.column) })
        {
            return judgement(
                .failed,
                .sequenceExhausted,
                "the sequence \(sequence.objectName.displayed) is beyond the type of column "
                    + "\(Identifier.displayed(column.name)); no role can insert"
            )
        }
        if error.asksSession {
            return judgement(
                .inconclusive,
                .inconclusive,
                "a default asks what the session has drawn last from a sequence (currval, lastval), and "
                    + "nothing has been drawn; an application does that first"
            )
        }
        if error.sqlState == .objectNotInPrerequisite, error.isInOurStatement {
            return judgement(
                .error,
                .invalidStatement,
                "the relation cannot take the statement that pgsmoke made"
            )
        }
        return judgement(.inconclusive, .inconclusive, dataReason(error, of: attempt))
    }

    private func dataReason(_ error: ServerError, of attempt: StatementAttempt) -> String {
        let place =
            if let constraint = error.constraint {
                "constraint \(Identifier.displayed(constraint))"
            } else if let column = error.column {
                "column \(Identifier.displayed(column))"
            } else {
                "a rule of the data (\(error.sqlState))"
            }
        let table = error.schema.flatMap { schema in
            error.table.map { ObjectName(kind: .table, schema: schema, name: $0).displayed }
        }
        let isElsewhere = table.map { $0 != attempt.relation.objectName.displayed } ?? false
        let of = isElsewhere ? " of \(table ?? "")" : ""
        return switch error.sqlState {
        case .foreignKeyViolation
        where isElsewhere && attempt.operation == .delete:
            "\(place)\(of): rows there still refer to it"
        case .foreignKeyViolation: "\(place)\(of): no row to refer to was found"
        case .notNullViolation: "\(place)\(of) must not be null, and no value for it was found"
        case .checkViolation where error.sourceFunction == "ExecFindPartition":
            "no partition of \(attempt.relation.objectName.displayed) takes the row"
        default: "\(place)\(of) refused the row that was made"
        }
    }

    /// Finds the sequence whose own value is not unique.
    private func sequenceColumn(
        among fed: [(column: Column, sequence: Relation)],
        violating error: ServerError,
        in attempt: StatementAttempt
    ) -> (column: Column, sequence: Relation)? {
        guard let schema = error.schema, let table = error.table else { return nil }
        for (column, sequence) in fed {
            guard let relation = snapshot.relations[column.relation] else { continue }
            let isSelf = relation.schema == schema && relation.name == table
            let isPartition = relation.kind == .partitionedTable && !isSelf
            let indexes = snapshot.uniqueIndexes[relation.oid] ?? []
            // A partition's index bears another name than its root's.
            let violated =
                isSelf ? indexes.filter { $0.name == error.constraint } : isPartition ? indexes : []
            if violated.contains(where: { $0.columns.contains(column.number) }) {
                return (column, sequence)
            }
        }
        return nil
    }

    private func isShortInteger(_ column: Column) -> Bool {
        ["int2", "int4"].contains(snapshot.types[column.type]?.name)
    }

    /// Tells our own mistake from code in the database that names what is not there.
    private func brokenCode(
        _ error: ServerError,
        of attempt: StatementAttempt,
        at stage: Stage
    ) -> Judgement {
        let layers = layers(of: attempt)
        // A policy may look for what a value names, such as a role.
        if error.sqlState == .undefinedObject, error.isInOurStatement, error.position == nil,
            layers.contains(where: \.relation.hasRowSecurity)
        {
            return Judgement(
                verdict: .inconclusive,
                problem: .inconclusive,
                reason: "a policy found nothing that a value of the row names",
                stage: stage
            )
        }
        // A rule may give a generated column a value; without one it is what we have written.
        let isOfComputedColumn =
            error.givesComputedColumn
            && !layers.contains(where: \.relation.hasRules)
        if error.isInOurStatement, error.position != nil || isOfComputedColumn {
            return Judgement(
                verdict: .error,
                problem: .invalidStatement,
                reason: "the server cannot read the statement that pgsmoke made",
                stage: .parse
            )
        }
        let routine = routine(namedBy: error, in: attempt)
        let triggers = layers.flatMap { snapshot.triggers[$0.relation.oid] ?? [] }
        let isTrigger = routine.map { routine in
            snapshot.triggers.values.joined().contains { $0.routine == routine.oid }
        }
        let isPolicy = routine.map { routine in
            layers.flatMap { snapshot.policies[$0.relation.oid] ?? [] }
                .contains { $0.expressions.contains { Words($0).contain(routine.name) } }
        }
        if error.sqlState == .invalidObjectDefinition, error.isInOurStatement,
            layers.contains(where: \.relation.hasRowSecurity)
        {
            return Judgement(
                verdict: .failed,
                problem: .brokenPolicy,
                reason: "a policy leads back to its own relation without end; no application can "
                    + attempt.operation.verb,
                stage: stage
            )
        }
        if isNamedByRow(error, in: attempt) {
            return Judgement(
                verdict: .inconclusive,
                problem: .inconclusive,
                reason: "\(routineNamed(by: error, in: attempt)) looks for something by a name "
                    + "that it makes from values of the row, and found nothing; to get past it "
                    + "write values that name what is there into pgsmoke.yml, under tables",
                stage: stage
            )
        }
        let problem: Problem =
            isTrigger ?? !triggers.isEmpty
            ? .brokenTrigger : isPolicy ?? false ? .brokenPolicy : .brokenFunction
        return Judgement(
            verdict: .failed,
            problem: problem,
            reason: "\(routineNamed(by: error, in: attempt)) names something that is not there; "
                + "no application can \(attempt.operation.verb)",
            stage: stage,
            suspects: hiddenSchemas(from: error, attempt)
        )
    }

    /// The closed schemas that hold what is not found: the server passes over them in the
    /// search_path without a word.
    private func hiddenSchemas(
        from error: ServerError,
        _ attempt: StatementAttempt
    ) -> [MissingPrivilege] {
        let code = code(around: error, in: attempt)
        return closedObjects(namedIn: code.texts, to: principal(code.user), .anything)
            .filter { $0.object.kind == .schema }
    }
}
