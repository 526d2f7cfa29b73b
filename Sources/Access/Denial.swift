internal import Catalog
internal import Postgres
package import Trials

extension AccessMap {
    /// Finds what a role lacks that was refused with 42501, in the order in which the server asks.
    func denial(_ error: ServerError, of attempt: StatementAttempt, at stage: Stage) -> Judgement {
        if error.sourceFunction == "ExecWithCheckOptions" {
            return Judgement(
                verdict: .failed,
                problem: .rowSecurity,
                reason: policyReason(of: attempt),
                stage: .rowSecurity
            )
        }
        if error.sourceFunction == "check_enable_rls" {
            return Judgement(
                verdict: .failed,
                problem: .rowSecurity,
                reason:
                    "row_security is off for the role, and the server refuses what row security "
                    + "would apply to; no GRANT cures this: ALTER ROLE … RESET row_security does",
                stage: .rowSecurity
            )
        }
        if error.sourceFunction.hasPrefix("set_config_") {
            return Judgement(
                verdict: .failed,
                problem: .brokenFunction,
                reason:
                    "\(routineNamed(by: error, in: attempt)) sets a parameter that the role may "
                    + "not set; no application can \(attempt.operation.verb) as it"
                    + (snapshot.server.version >= 150_000
                        ? " without GRANT SET ON PARAMETER" : ""),
                stage: stage
            )
        }
        return annotated(
            error.isInOurStatement
                ? denialOfStatement(error, attempt, stage)
                : denialOfForeignKey(error, attempt) ?? denialInside(error, attempt, stage),
            error
        )
    }

    /// Adds which membership would do instead of a GRANT, and where none is proposed.
    func annotated(_ denial: Judgement, _ error: ServerError) -> Judgement {
        var judgement = denial
        if let lacking = judgement.missing.first, let group = uninherited(lacking) {
            judgement.reason += "; " + reason(against: group, lacking)
        }
        if case .setval = Asked(error) {
            judgement.reason +=
                "; no GRANT is proposed: with UPDATE on a sequence the role could set it back, a "
                + "SECURITY DEFINER function would do"
        }
        return judgement
    }

    /// Says which membership would give the privilege if it were inherited.
    private func reason(against group: MissingPrivilege, _ lacking: MissingPrivilege) -> String {
        let role = Identifier.displayed(lacking.grantee)
        guard group.object.name != group.grantee else {
            return "\(role) is NOINHERIT: a group that it is a member of holds the privilege"
        }
        return "\(role) is a member of \(Identifier.displayed(group.object.name)), which holds the "
            + "privilege, but the membership does not inherit"
    }

    /// Everything that the catalog alone shows an insert to lack, in the order in which the server
    /// would ask; what only code needs is not among it.
    package func visibleLacks(of attempt: StatementAttempt) -> [MissingPrivilege] {
        var found: [MissingPrivilege] = []
        while found.count < 32 {
            let map = granting(found)
            let user = map.principal(attempt.role.oid)
            let layers = map.layers(of: attempt)
            let sequences = map.closedSequences(user, layers)
                .map { missing(.usage, on: $0.sequence.objectName, user) }
            let next =
                map.schemaOrTableDenial(user, layers, attempt)?.missing
                ?? sequences + map.forbiddenRoutines(user, layers).flatMap(\.missing)
            let new = next.filter { !found.contains($0) }
            guard !new.isEmpty else { break }
            for lacking in new where !found.contains(lacking) { found.append(lacking) }
        }
        return found
    }

    /// The statement's own privileges: schema, relation, columns, defaults, checks, indexes.
    private func denialOfStatement(
        _ error: ServerError,
        _ attempt: StatementAttempt,
        _ stage: Stage
    ) -> Judgement {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        let asked = Asked(error)
        if attempt.relation.kind == .sequence { return sequenceItself(user, attempt) }
        var named = closedObjects(namedIn: expressions(of: layers), to: user, asked)
        // Policies beneath a view look at other tables with the rights of its owner.
        for layer in layers where layer.checkedAs != user.role {
            let policies = (snapshot.policies[layer.relation.oid] ?? []).flatMap(\.expressions)
            named += closedObjects(namedIn: policies, to: principal(layer.checkedAs), asked)
        }
        let mentioned = likeliest(named, error)
        guard case .anything = asked else {
            return sequenceDenial(user, layers, error, mentioned)
        }
        if var judgement = schemaOrTableDenial(user, layers, attempt) {
            judgement.suspects = forbiddenRoutines(user, layers).flatMap(\.missing) + mentioned
            return judgement
        }
        var routines = forbiddenRoutines(user, layers)
        if !routines.isEmpty {
            var judgement = routines.removeFirst()
            judgement.suspects = routines.flatMap(\.missing) + mentioned
            return judgement
        }
        let beneath = lacksBeneath(layers)
        let likely = likeliest(beneath.map(\.0), error)
        if let lacking = likely.first,
            let layer = beneath.first(where: { $0.0 == lacking })?.layer
        {
            return Judgement(
                verdict: .failed,
                problem: Problem(lacking),
                reason: baseReason(layer, attempt.relation),
                stage: .tablePrivilege,
                missing: [lacking],
                suspects: Array(likely.dropFirst()) + mentioned
            )
        }
        if let lacking = mentioned.first {
            return Judgement(
                verdict: .failed,
                problem: Problem(lacking),
                reason: "an expression of the relation, or code that it calls, needs it",
                stage: .defaults,
                missing: [lacking],
                suspects: Array(mentioned.dropFirst())
            )
        }
        return unexplained(error, user, expressions(of: layers), stage, "the statement")
    }

    /// What the direct use of a sequence lacks.
    private func sequenceItself(_ user: Principal, _ attempt: StatementAttempt) -> Judgement {
        let sequence = attempt.relation
        let isCurrval = attempt.operation == .currval
        return schemaOrTableDenial(user, [], attempt)
            ?? Judgement(
                verdict: .failed,
                problem: .missingSequencePrivilege,
                reason: isCurrval
                    ? "currval takes SELECT or USAGE" : "nextval takes USAGE (or UPDATE)",
                stage: .tablePrivilege,
                missing: [missing(isCurrval ? .select : .usage, on: sequence.objectName, user)]
            )
    }

    func missing(
        _ privilege: Privilege,
        on object: ObjectName,
        _ user: Principal,
        column: String? = nil
    ) -> MissingPrivilege {
        MissingPrivilege(
            privilege: privilege.rawValue,
            column: column,
            object: object,
            grantee: snapshot.roleName(user.role)
        )
    }

    func schemaName(_ schema: Schema) -> ObjectName {
        ObjectName(kind: .schema, schema: nil, name: schema.name)
    }
}

extension Problem {
    /// The code for the lack of a privilege, by its object.
    package init(_ missing: MissingPrivilege) {
        self =
            switch missing.object.kind {
            case .schema: .missingSchemaPrivilege
            case .sequence: .missingSequencePrivilege
            case .function, .procedure: .missingFunctionPrivilege
            default: missing.column == nil ? .missingTablePrivilege : .missingColumnPrivilege
            }
    }
}
