internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// The expressions that a statement makes the server compute, and the functions that they call.
    func expressions(of layers: [StatementLayer]) -> [String] {
        var texts: [String] = []
        for layer in layers {
            let relation = layer.relation.oid
            texts += layer.unnamed.compactMap(\.defaultExpression)
            texts += (snapshot.policies[relation] ?? []).flatMap(\.expressions)
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

    /// Whether the catalog lets a denial be expected: on the schema, on the relation or on a sequence
    /// that a default draws from.
    package func expectsDenial(of attempt: StatementAttempt) -> Bool {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        return schemaOrTableDenial(user, layers, attempt) != nil
            || !closedSequences(user, layers).isEmpty
    }

    /// The sequences behind defaults that are computed which the role may not draw from; identity
    /// columns ask for no privilege.
    func closedSequences(
        _ user: Principal,
        _ layers: [StatementLayer]
    ) -> [(column: Column, sequence: Relation)] {
        layers.flatMap { $0.sequenceColumns(in: snapshot) }
            .filter { !$0.column.isIdentity && !canAdvance(user, $0.sequence) }
    }

    func schemaOrTableDenial(
        _ user: Principal,
        _ layers: [StatementLayer],
        _ attempt: StatementAttempt
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
        for layer in layers where !layer.isOfRule {
            for need in layer.needs {
                if let judgement = denial(of: need, layer, attempt) { return judgement }
            }
        }
        return nil
    }

    /// What is lacking of one need; where single columns are granted, the columns.
    private func denial(
        of need: StatementAttempt.Need,
        _ layer: StatementLayer,
        _ attempt: StatementAttempt
    ) -> Judgement? {
        let checked = principal(layer.checkedAs)
        let relation = layer.relation
        let privilege = need.privilege
        guard !has(checked, privilege, on: relation) else { return nil }
        let columns = (snapshot.columns[relation.oid] ?? [])
            .filter { need.columns.contains($0.number) }
        let isBase = relation.oid != attempt.relation.oid
        let place = isBase ? baseReason(layer, attempt.relation) : nil
        let holdsSome = hasAny(checked, privilege, on: relation)
        if columns.isEmpty, holdsSome { return nil }
        let canBeOfColumns = Privilege.all(on: .column, version: 0).contains(privilege)
        guard
            canBeOfColumns && (holdsSome || holdsColumns(checked, of: relation) && !columns.isEmpty)
        else {
            return Judgement(
                verdict: .failed,
                problem: .missingTablePrivilege,
                reason: place ?? tableReason(need, attempt),
                stage: .tablePrivilege,
                missing: [missing(privilege, on: relation.objectName, checked)]
            )
        }
        let closed = columns.filter { !has(checked, privilege, on: $0, of: relation) }
        guard !closed.isEmpty else { return nil }
        return Judgement(
            verdict: .failed,
            problem: .missingColumnPrivilege,
            reason: place
                ?? "the role is granted single columns only, and what the \(attempt.operation.noun) names must be among them",
            stage: .tablePrivilege,
            missing: closed.map {
                missing(privilege, on: relation.objectName, checked, column: $0.name)
            }
        )
    }

    /// What may be lacking beneath a view or behind a rule, where the catalog does not tell which of it
    /// the server asks for: columns that a view shows by other names, and whatever a rule does.
    func lacksBeneath(_ layers: [StatementLayer]) -> [(MissingPrivilege, layer: StatementLayer)] {
        layers.dropFirst().flatMap { layer -> [(MissingPrivilege, layer: StatementLayer)] in
            let checked = principal(layer.checkedAs)
            let privileges: [Privilege] =
                layer.isOfRule
                ? [.insert, .select, .update, .delete] : layer.needs.map(\.privilege)
            return privileges.flatMap { privilege -> [MissingPrivilege] in
                let name = layer.relation.objectName
                guard !has(checked, privilege, on: layer.relation) else { return [] }
                guard hasAny(checked, privilege, on: layer.relation) else {
                    return [missing(privilege, on: name, checked)]
                }
                return (snapshot.columns[layer.relation.oid] ?? [])
                    .filter { !has(checked, privilege, on: $0, of: layer.relation) }
                    .map { missing(privilege, on: name, checked, column: $0.name) }
            }
            .map { ($0, layer) }
        }
    }

    private func tableReason(_ need: StatementAttempt.Need, _ attempt: StatementAttempt) -> String {
        guard need.privilege == .select, attempt.event != nil else {
            return need.privilege == .delete
                ? "the role does not hold DELETE on the relation"
                : "the role holds \(need.privilege.rawValue) neither on the relation nor on a column"
        }
        switch attempt.operation {
        case .insertReturning: return "RETURNING reads the row, which takes SELECT"
        case .upsert, .merge: return "the rows to match are read, which takes SELECT"
        default: return "the row is picked by its key, which takes SELECT on the key's columns"
        }
    }

    func baseReason(_ layer: StatementLayer, _ relation: Relation) -> String {
        let name = relation.objectName.displayed
        let owner = Identifier.displayed(snapshot.roleName(layer.checkedAs))
        return relation.kind == .view
            ? "the base of the view \(name), which is reached with the rights of \(owner)"
            : "a rule on \(name) writes to it, with the rights of \(owner)"
    }

    func sequenceDenial(
        _ user: Principal,
        _ layers: [StatementLayer],
        _ error: ServerError,
        _ mentioned: [MissingPrivilege]
    ) -> Judgement {
        var found: [(column: Column, lacking: MissingPrivilege)] = []
        if case .nextval = Asked(error) {
            // The name of the sequence may be text in a default, or in a function that the server has
            // put in its place, which leaves no dependency.
            let named = layers.flatMap { layer in
                layer.unnamed.flatMap { column in
                    reach.sequences(namedBy: column).map { (column: column, sequence: $0) }
                }
            }
            found =
                (closedSequences(user, layers) + named.filter { !canAdvance(user, $0.sequence) })
                .map { ($0.column, missing(.usage, on: $0.sequence.objectName, user)) }
        }
        let all = found.map(\.lacking) + mentioned
        let first = reachedFirst(found, error)
        guard let lacking = first?.lacking ?? all.first else {
            return unexplained(error, user, expressions(of: layers), .defaults, "the statement")
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
    func forbiddenRoutines(_ user: Principal, _ layers: [StatementLayer]) -> [Judgement] {
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
            for column in layer.isWritten ? snapshot.columns[relation] ?? [] : [] {
                for domain in snapshot.domains(of: column.type) {
                    add(
                        reach.domainRoutines[domain.oid],
                        "the domain \(Identifier.displayed(domain.name))",
                        .defaults
                    )
                }
            }
            guard layer.isWritten else { continue }
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
