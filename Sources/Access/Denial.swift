internal import Catalog
internal import Postgres
package import Trials

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
        var judgement =
            if error.isInOurStatement {
                denialOfStatement(error, attempt, stage)
            } else {
                denialOfForeignKey(error, attempt) ?? denialInside(error, attempt, stage)
            }
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
    package func visibleLacks(of attempt: InsertAttempt) -> [MissingPrivilege] {
        var found: [MissingPrivilege] = []
        while found.count < 32 {
            let map = granting(found)
            let user = map.principal(attempt.role.oid)
            let layers = map.layers(of: attempt)
            let sequences = layers.flatMap { $0.sequenceColumns(in: snapshot) }
                .filter { !$0.column.isIdentity && !map.canAdvance(user, $0.sequence) }
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
        _ attempt: InsertAttempt,
        _ stage: Stage
    ) -> Judgement {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        let asked = Asked(error)
        let named = closedObjects(namedIn: expressions(of: layers), to: user, asked)
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
        return unexplained(error, user, expressions(of: layers), stage, "the insert")
    }

    /// A denial for which the catalog shows nothing that a GRANT could give.
    func unexplained(
        _ error: ServerError,
        _ user: Principal,
        _ texts: [String],
        _ stage: Stage,
        _ what: String
    ) -> Judgement {
        let mentioned = closedMentioned(in: error, to: user)
        if let lacking = mentioned.first {
            return Judgement(
                verdict: .failed,
                problem: Problem(lacking),
                reason: "needed inside \(what)",
                stage: stage,
                missing: [lacking],
                suspects: Array(mentioned.dropFirst())
            )
        }
        let builtIn = closedBuiltIns(namedIn: texts, to: user).first
        let reason =
            builtIn.map {
                "\(what) calls \($0.objectName.displayed), which the server keeps to superusers; no "
                    + "GRANT is proposed: a SECURITY DEFINER function of a role that may call it "
                    + "would do"
            }
            ?? "\(what) asks for what no GRANT that the catalog shows would give, such as ownership "
            + "or superuser rights"
        return Judgement(
            verdict: .failed,
            problem: builtIn == nil ? .missingTablePrivilege : .missingFunctionPrivilege,
            reason: reason,
            stage: stage
        )
    }

    /// Puts first what the message names: it quotes names in every language, and the catalog has
    /// confirmed each.
    func likeliest(_ candidates: [MissingPrivilege], _ error: ServerError) -> [MissingPrivilege] {
        func isNamed(_ candidate: MissingPrivilege) -> Bool {
            error.message.mentions(candidate.object.routineName ?? candidate.object.name)
        }
        return candidates.filter(isNamed) + candidates.filter { !isNamed($0) }
    }

    /// What the message names and the catalog says is closed, for names that code puts together.
    private func closedMentioned(in error: ServerError, to user: Principal) -> [MissingPrivilege] {
        let names =
            snapshot.relations.values.map(\.name) + snapshot.schemas.values.map(\.name)
            + snapshot.routines.values.filter { !$0.isBuiltIn }.map(\.name)
        let mentioned = Set(names).filter(error.message.mentions)
            .sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
        let texts = mentioned.map { "\"\($0.replacing("\"", with: "\"\""))\"" }
        return closedObjects(namedIn: texts, to: user, Asked(error))
    }

    /// The expressions that an insert makes the server compute, and the functions that they call.
    private func expressions(of layers: [InsertLayer]) -> [String] {
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

    private func sequenceDenial(
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
    private func forbiddenRoutines(_ user: Principal, _ layers: [InsertLayer]) -> [Judgement] {
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
            var lacking: [MissingPrivilege] = []
            if !has(owner, .usage, on: schema) {
                lacking.append(missing(.usage, on: schemaName(schema), owner))
            }
            lacking += [Privilege.select, .update].filter { !has(owner, $0, on: parent) }
                .map { missing($0, on: parent.objectName, owner) }
            guard let first = lacking.first else { continue }
            return Judgement(
                verdict: .failed,
                problem: .foreignOwner,
                reason:
                    "the foreign key \(Identifier.displayed(key.name)) is checked with the rights of "
                    + "\(Identifier.displayed(first.grantee)), the owner of "
                    + "\(parent.objectName.displayed); the role itself lacks nothing",
                stage: attempt.isForcingConstraints ? .deferred : .afterTriggers,
                missing: [first],
                suspects: Array(lacking.dropFirst())
            )
        }
        return nil
    }

    private func policyReason(of attempt: InsertAttempt) -> String {
        let user = principal(attempt.role.oid)
        let layers = layers(of: attempt)
        let policies = layers.flatMap { snapshot.policies[$0.relation.oid] ?? [] }
            .filter { $0.appliesToInsert && !$0.isDisjoint(with: user) }
        let isForced = layers.contains {
            $0.relation.forcesRowSecurity && user.effectiveRoles.contains($0.relation.owner)
        }
        let start = isForced ? "row security is forced on the owner too" : "row security is on"
        guard policies.contains(where: \.isPermissive) else {
            return
                "\(start) and no permissive policy for INSERT applies to the role; no GRANT cures "
                + "this, a policy for INSERT does"
        }
        let names = policies.map { Identifier.displayed($0.name) }.joined(separator: ", ")
        let settings = policies.flatMap {
            Words($0.check ?? "").arguments(of: "current_setting")
        }
        let hint =
            settings.first.map {
                "they read \(PrintableText.line($0)), whose value the role's sessions must set"
            } ?? "the row must satisfy them, or a policy must let it pass"
        return "\(start) and the row does not satisfy the policies that apply (\(names)); no GRANT "
            + "cures this: \(hint)"
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
