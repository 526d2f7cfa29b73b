internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// The expressions that an insert makes the server compute, and the functions that they call.
    func expressions(of layers: [InsertLayer]) -> [String] {
        var texts: [String] = []
        for layer in layers {
            let relation = layer.relation.oid
            texts += layer.unnamed.compactMap(\.defaultExpression)
            texts += (snapshot.policies[relation] ?? []).compactMap(\.check)
            texts += (snapshot.constraints[relation] ?? []).compactMap(\.expression)
            for column in snapshot.columns[relation] ?? [] {
                texts += snapshot.domains(of: column.type)
                    .flatMap { snapshot.constraints[$0.oid] ?? [] }
                    .compactMap(\.expression)
            }
        }
        let routines = texts.flatMap { Words($0).names }
            .flatMap { reach.routinesByName[$0] ?? [] }
            .filter { !$0.isBuiltIn && !$0.isSecurityDefiner }
        return texts + bodies(calledFrom: routines)
    }

    func schemaOrTableDenial(
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
            guard
                hasAny(checked, .insert, on: layer.relation)
                    || holdsColumns(checked, of: layer.relation) && !named.isEmpty
            else {
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
            if !closed.isEmpty {
                return Judgement(
                    verdict: .failed,
                    problem: .missingColumnPrivilege,
                    reason: place
                        ?? "the role is granted single columns only, and what the insert names must be among them",
                    stage: .tablePrivilege,
                    missing: closed.map {
                        missing(.insert, on: layer.relation.objectName, checked, column: $0.name)
                    }
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

    func sequenceDenial(
        _ user: Principal,
        _ layers: [InsertLayer],
        _ error: ServerError,
        _ mentioned: [MissingPrivilege]
    ) -> Judgement {
        var found: [(column: Column, lacking: MissingPrivilege)] = []
        if case .nextval = Asked(error) {
            let reached = layers.flatMap { $0.sequenceColumns(in: snapshot) }
                .filter { !$0.column.isIdentity }
            // The name of the sequence may be text in a default, or in a function that the server has
            // put in its place, which leaves no dependency.
            let named = layers.flatMap { layer in
                layer.unnamed.flatMap { column in
                    reach.sequences(namedBy: column).map { (column: column, sequence: $0) }
                }
            }
            found = (reached + named).filter { !canAdvance(user, $0.sequence) }
                .map { ($0.column, missing(.usage, on: $0.sequence.objectName, user)) }
        }
        let all = found.map(\.lacking) + mentioned
        let first = reachedFirst(found, error)
        guard let lacking = first?.lacking ?? all.first else {
            return unexplained(error, user, expressions(of: layers), .defaults, "the insert")
        }
        return Judgement(
            verdict: .failed,
            problem: .missingSequencePrivilege,
            reason: first.map {
                "the default of column \(Identifier.displayed($0.column.name)) draws from it"
            } ?? "an expression of the relation, or code that it calls, uses it",
            stage: .defaults,
            missing: [lacking],
            suspects: all.filter { $0 != lacking }
        )
    }

    /// Of several closed sequences the one that the message names; the catalog has confirmed each.
    private func reachedFirst(
        _ found: [(column: Column, lacking: MissingPrivilege)],
        _ error: ServerError
    ) -> (column: Column, lacking: MissingPrivilege)? {
        found.first { error.message.mentions($0.lacking.object.name) } ?? found.first
    }

    /// The functions that the role may not execute, in the server's order.
    func forbiddenRoutines(_ user: Principal, _ layers: [InsertLayer]) -> [Judgement] {
        var judgements: [Judgement] = []
        func add(_ routines: [OID]?, _ place: @autoclosure () -> String, _ stage: Stage) {
            for routine in (routines ?? []).compactMap({ snapshot.routines[$0] })
            where !routine.isBuiltIn && !canExecute(user, routine) {
                judgements.append(
                    Judgement(
                        verdict: .failed,
                        problem: .missingFunctionPrivilege,
                        reason: "the function is called by \(place())",
                        stage: stage,
                        missing: [missing(.execute, on: routine.objectName, user)]
                    )
                )
            }
        }
        let reach = snapshot.reach
        for layer in layers {
            let relation = layer.relation.oid
            for column in layer.unnamed {
                let place = Reach.Place(relation: relation, column: column.number)
                let what = column.isGenerated ? "the generated column" : "the default of column"
                add(
                    reach.defaultRoutines[place],
                    "\(what) \(Identifier.displayed(column.name))",
                    .defaults
                )
            }
            for column in snapshot.columns[relation] ?? [] {
                for domain in snapshot.domains(of: column.type) {
                    add(
                        reach.domainRoutines[domain.oid],
                        "the domain \(Identifier.displayed(domain.name))",
                        .defaults
                    )
                }
            }
            add(reach.partitionRoutines[relation], "the partition key", .partition)
            add(reach.checkRoutines[relation], "a check constraint", .checksAndIndexes)
            add(reach.indexRoutines[relation], "an index", .checksAndIndexes)
        }
        return judgements
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
