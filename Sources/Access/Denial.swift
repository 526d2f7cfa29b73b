internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// Finds what a role lacks that was refused with 42501, in the order in which the server asks.
    func denial(_ error: ServerError, of attempt: InsertAttempt, at stage: Stage) -> Judgement {
        if error.sourceFunction == "ExecWithCheckOptions" {
            return Judgement(
                verdict: .failed,
                problem: .rowSecurity,
                reason: policyReason(of: attempt),
                stage: .rowSecurity
            )
        }
        if error.sourceFunction.hasPrefix("set_config_") {
            return Judgement(
                verdict: .failed,
                problem: .brokenFunction,
                reason:
                    "\(routineNamed(by: error, in: attempt)) sets a parameter that the role may "
                    + "not set; no application can insert",
                stage: stage
            )
        }
        if error.isInOurStatement { return denialOfStatement(error, attempt, stage) }
        if let judgement = denialOfForeignKey(error, attempt) { return judgement }
        return denialInside(error, attempt, stage)
    }

    /// The statement's own privileges: schema, relation, columns, defaults, checks, indexes.
    private func denialOfStatement(
        _ error: ServerError,
        _ attempt: InsertAttempt,
        _ stage: Stage
    ) -> Judgement {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        if error.sourceFunction == "nextval_internal" {
            return sequenceDenial(user, layers, error)
        }
        if let judgement = schemaOrTableDenial(user, layers, attempt) { return judgement }
        if let (routine, place, stage) = forbiddenRoutine(user, layers) {
            return Judgement(
                verdict: .failed,
                problem: .missingFunctionPrivilege,
                reason: "the function is called by \(place)",
                stage: stage,
                missing: [missing(.execute, on: routine.objectName, user)]
            )
        }
        // A name that was stored as text is looked up anew by whoever inserts.
        for column in layers.flatMap(\.unnamed) {
            guard let expression = column.defaultExpression else { continue }
            let words = Words(expression)
            let closed = snapshot.schemas.values
                .filter { words.contain($0.name) && !has(user, .usage, on: $0) }
                .min { $0.name < $1.name }
            if let closed {
                return Judgement(
                    verdict: .failed,
                    problem: .missingSchemaPrivilege,
                    reason:
                        "the default of column \(Identifier.displayed(column.name)) looks a name up in it",
                    stage: .defaults,
                    missing: [missing(.usage, on: schemaName(closed), user)]
                )
            }
        }
        return Judgement(
            verdict: .failed,
            problem: .missingTablePrivilege,
            reason: "the server refused, but the catalog does not show which privilege is missing",
            stage: stage
        )
    }

    private func schemaOrTableDenial(
        _ user: Principal,
        _ layers: [InsertLayer],
        _ attempt: InsertAttempt
    ) -> Judgement? {
        if let schema = snapshot.schemas[attempt.relation.schemaOID], !has(user, .usage, on: schema)
        {
            return Judgement(
                verdict: .failed,
                problem: .missingSchemaPrivilege,
                reason: "without it no relation of the schema can be reached",
                stage: .parse,
                missing: [missing(.usage, on: schemaName(schema), user)]
            )
        }
        for layer in layers {
            let checked = principal(layer.checkedAs)
            let columns = snapshot.columns[layer.relation.oid] ?? []
            let named = columns.filter { column in !layer.unnamed.contains(column) }
            let isBase = layer.relation.oid != attempt.relation.oid
            let place = isBase ? baseReason(layer, attempt.relation) : nil
            guard hasAny(checked, .insert, on: layer.relation) else {
                return Judgement(
                    verdict: .failed,
                    problem: .missingTablePrivilege,
                    reason: place
                        ?? "the role holds INSERT neither on the relation nor on a column",
                    stage: .tablePrivilege,
                    missing: [missing(.insert, on: layer.relation.objectName, checked)]
                )
            }
            let closed = named.filter { !has(checked, .insert, on: $0, of: layer.relation) }
            if let first = closed.first {
                return Judgement(
                    verdict: .failed,
                    problem: .missingColumnPrivilege,
                    reason: place
                        ?? "the role holds INSERT on other columns only, and this one must be given",
                    stage: .tablePrivilege,
                    missing: [
                        MissingPrivilege(
                            privilege: "INSERT (\(Identifier.displayed(first.name)))",
                            object: layer.relation.objectName,
                            grantee: snapshot.roleName(checked.role)
                        )
                    ]
                )
            }
        }
        return nil
    }

    private func baseReason(_ layer: InsertLayer, _ relation: Relation) -> String {
        let name = relation.objectName.displayed
        let owner = Identifier.displayed(snapshot.roleName(layer.checkedAs))
        return relation.kind == .view
            ? "the base of the view \(name), which is written with the rights of \(owner)"
            : "a rule on \(name) writes to it, with the rights of \(owner)"
    }

    private func sequenceDenial(
        _ user: Principal,
        _ layers: [InsertLayer],
        _ error: ServerError
    ) -> Judgement {
        let reached = layers.flatMap { $0.sequenceColumns(in: snapshot) }
            .filter { !$0.column.isIdentity && !canAdvance(user, $0.sequence) }
        var judgement = Judgement(
            verdict: .failed,
            problem: .missingSequencePrivilege,
            reason: "a sequence that the insert draws from is closed to the role",
            stage: .defaults
        )
        if let (column, sequence) = reached.first {
            judgement.reason =
                "the default of column \(Identifier.displayed(column.name)) draws from it"
            judgement.missing = [missing(.usage, on: sequence.objectName, user)]
            return judgement
        }
        // The name of the sequence may be text in a default, or in a function that the server has
        // put in its place, which leaves no dependency.
        let named = layers.flatMap { layer in
            layer.unnamed.flatMap { column in
                reach.sequences(namedBy: column).map { (column, $0) }
            }
        }
        let closed = named.filter { !canAdvance(user, $0.1) }
        // The catalog has confirmed each; the message quotes the name in every language.
        if let (column, sequence) = closed.first(where: { error.message.contains($0.1.name) })
            ?? closed.first
        {
            judgement.reason =
                "the default of column \(Identifier.displayed(column.name)) draws from it"
            judgement.missing = [missing(.usage, on: sequence.objectName, user)]
        }
        return judgement
    }

    /// Finds a function that the role may not execute, in the server's order.
    private func forbiddenRoutine(
        _ user: Principal,
        _ layers: [InsertLayer]
    ) -> (Routine, place: String, Stage)? {
        func forbidden(_ routines: [OID]?) -> Routine? {
            (routines ?? []).lazy.compactMap { snapshot.routines[$0] }.first {
                !canExecute(user, $0)
            }
        }
        let reach = snapshot.reach
        for layer in layers {
            for column in layer.unnamed {
                let place = Reach.Place(relation: layer.relation.oid, column: column.number)
                if let routine = forbidden(reach.defaultRoutines[place]) {
                    let what = column.isGenerated ? "the generated column" : "the default of column"
                    return (routine, "\(what) \(Identifier.displayed(column.name))", .defaults)
                }
            }
            for column in snapshot.columns[layer.relation.oid] ?? [] {
                for domain in snapshot.domains(of: column.type) {
                    if let routine = forbidden(reach.domainRoutines[domain.oid]) {
                        return (
                            routine, "the domain \(Identifier.displayed(domain.name))", .defaults
                        )
                    }
                }
            }
            if let routine = forbidden(reach.partitionRoutines[layer.relation.oid]) {
                return (routine, "the partition key", .partition)
            }
            if let routine = forbidden(reach.checkRoutines[layer.relation.oid]) {
                return (routine, "a check constraint", .checksAndIndexes)
            }
            if let routine = forbidden(reach.indexRoutines[layer.relation.oid]) {
                return (routine, "an index", .checksAndIndexes)
            }
        }
        return nil
    }

    /// A foreign key is checked with the rights of the parent's owner.
    private func denialOfForeignKey(_ error: ServerError, _ attempt: InsertAttempt) -> Judgement? {
        // The server's own query, in no language but SQL.
        let query = error.internalQuery ?? error.context ?? ""
        guard query.contains("FOR KEY SHARE OF x") else { return nil }
        let keys = layers(of: attempt)
            .flatMap { snapshot.constraints[$0.relation.oid] ?? [] }
            .filter { $0.kind == .foreignKey }
        for key in keys {
            guard let parent = snapshot.relations[key.referencedRelation],
                let schema = snapshot.schemas[parent.schemaOID],
                Words(query).contain(parent.name)
            else { continue }
            let owner = principal(parent.owner)
            let lacking: MissingPrivilege? =
                if !has(owner, .usage, on: schema) {
                    missing(.usage, on: schemaName(schema), owner)
                } else {
                    [Privilege.select, .update].first { !has(owner, $0, on: parent) }
                        .map { missing($0, on: parent.objectName, owner) }
                }
            guard let lacking else { continue }
            return Judgement(
                verdict: .failed,
                problem: .foreignOwner,
                reason:
                    "the foreign key \(Identifier.displayed(key.name)) is checked with the rights of "
                    + "\(Identifier.displayed(lacking.grantee)), the owner of "
                    + "\(parent.objectName.displayed); the role itself lacks nothing",
                stage: attempt.isForcingConstraints ? .deferred : .afterTriggers,
                missing: [lacking]
            )
        }
        return nil
    }

    private func policyReason(of attempt: InsertAttempt) -> String {
        let user = principal(attempt.role.oid)
        let policies = layers(of: attempt)
            .flatMap { snapshot.policies[$0.relation.oid] ?? [] }
            .filter { $0.appliesToInsert && !$0.isDisjoint(with: user) }
        guard policies.contains(where: \.isPermissive) else {
            return "row security is on and no permissive policy for INSERT applies to the role"
        }
        let names = policies.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        return "row security: the row does not satisfy the policies that apply (\(names))"
    }

    func missing(
        _ privilege: Privilege,
        on object: ObjectName,
        _ user: Principal
    ) -> MissingPrivilege {
        MissingPrivilege(
            privilege: privilege.rawValue,
            object: object,
            grantee: snapshot.roleName(user.role)
        )
    }

    func schemaName(_ schema: Schema) -> ObjectName {
        ObjectName(kind: .schema, schema: nil, name: schema.name)
    }
}

extension Policy {
    fileprivate func isDisjoint(with user: Principal) -> Bool {
        !roles.contains(0) && user.effectiveRoles.isDisjoint(with: roles)
    }
}

extension Snapshot {
    /// Returns the domains that a type is made of, the outermost first.
    func domains(of type: OID) -> [DataType] {
        var domains: [DataType] = []
        var type = types[type]
        while let current = type, case .domain(let base, _) = current.form {
            domains.append(current)
            type = types[base]
        }
        return domains
    }
}
