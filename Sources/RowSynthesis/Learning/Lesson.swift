internal import Catalog
internal import Postgres
internal import Trials

/// What an error says outright about the row that would do.
struct Lesson {
    enum Teaching {
        case knowledge(RowKnowledge)
        /// No row can do, and this is why.
        case hopeless(String)
        case nothing
    }

    let lookup: Lookup
    let synthesizer: RowSynthesizer
    let draft: RowDraft
    let knowledge: RowKnowledge
    /// Milliseconds that one question to the server may take.
    let patience: Int
    let role: RowSearch.RoleUnderTrial

    private var snapshot: Snapshot { lookup.snapshot }

    /// Learns from a failure.
    ///
    /// - Throws: `connectionLost`.
    func teaching(of failure: Failure) throws(PostgresError) -> Teaching {
        switch failure {
        case .swallowed: return try afterNothing()
        case .row(let error):
            if let base = try base(after: error) { return .knowledge(base) }
            return try teaching(of: error, site: .row, row: draft.baseRow ?? draft.row)
        case .scaffold(let index, let error):
            guard let row = scaffoldRow(at: index, blamedBy: error) else { return .nothing }
            return try teaching(of: error, site: .parent(row.relation.oid), row: row)
        }
    }

    /// The row of the step that the error is about: in a ring it may be any.
    private func scaffoldRow(at index: Int, blamedBy error: ServerError) -> RowDraft.Row? {
        guard draft.scaffold.indices.contains(index) else { return nil }
        let step = draft.scaffoldSteps.first { $0.contains(index) } ?? index..<(index + 1)
        let blamed = draft.scaffold[step].last {
            $0.relation.name == error.table && $0.relation.schema == error.schema
        }
        return blamed ?? draft.scaffold[index]
    }

    private func teaching(
        of error: ServerError,
        site: RowSite,
        row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        let isOwn =
            error.table == nil
            || error.table == row.relation.name && error.schema == row.relation.schema
            || isPartition(error, of: row.relation)
        switch error.sqlState {
        case .notNullViolation where error.isInOurStatement: return try afterNull(error, site, row)
        case .foreignKeyViolation:
            let own = snapshot.constraints[row.relation.oid]?
                .first { $0.kind == .foreignKey && $0.name == error.constraint }
            if isOwn, let own, isOurs(own, at: site) { return afterMissingParent(own, site) }
            return afterMissingReference(error)
        case .uniqueViolation, .exclusionViolation:
            if isOwn, error.isInOurStatement { return try afterDuplicate(error, site, row) }
            return afterRowOfTrigger(error, of: row.relation.oid)
        case .checkViolation where error.sourceFunction == "ExecFindPartition":
            return try afterNoPartition(site, row)
        case .checkViolation where error.isInOurStatement && isOwn:
            return try afterCheck(error, site, row)
        case .insufficientPrivilege where error.sourceFunction == "ExecWithCheckOptions":
            return try afterPolicy(site, row)
        case SQLState("44000"): return try afterCheckOption(site, row)
        default:
            let isOfValue = error.isInOurStatement && error.sqlState.conditionClass == "22"
            guard isOfValue || isOfCondition(error, row.relation) else { return .nothing }
            return try afterBadValue(error, site, row)
        }
    }

    /// Whether the error arose in a function that a constraint, an index or a default calls.
    private func isOfCondition(_ error: ServerError, _ relation: Relation) -> Bool {
        guard let context = error.context else { return false }
        let reach = snapshot.reach
        var routines =
            (reach.checkRoutines[relation.oid] ?? []) + (reach.indexRoutines[relation.oid] ?? [])
        for column in snapshot.columns[relation.oid] ?? [] {
            let place = Reach.Place(relation: relation.oid, column: column.number)
            if column.isGenerated { routines += reach.defaultRoutines[place] ?? [] }
            var type = snapshot.types[column.type]
            while let domain = type, case .domain(let base, _) = domain.form {
                routines += reach.domainRoutines[domain.oid] ?? []
                type = snapshot.types[base]
            }
        }
        return routines.compactMap { snapshot.routines[$0] }.contains { context.contains($0.name) }
    }

    private func isPartition(_ error: ServerError, of root: Relation) -> Bool {
        guard root.kind == .partitionedTable else { return false }
        return snapshot.orderedRelations.contains {
            $0.name == error.table && $0.schema == error.schema
                && snapshot.root(of: $0).oid == root.oid
        }
    }

    /// A rule that does nothing instead swallows every row.
    private func afterNothing() throws(PostgresError) -> Teaching {
        // One action, of the kind NOTHING (nodes.h), and no condition.
        let nothing = snapshot.server.version >= 150_000 ? 7 : 6
        let rules = """
            SELECT rulename FROM pg_catalog.pg_rewrite
             WHERE ev_class = \(draft.row.relation.oid) AND ev_type = '3' AND is_instead
               AND ev_enabled IN ('O', 'A') AND ev_qual::pg_catalog.text = '<>'
               AND ev_action::pg_catalog.text ~ '^[(][{]QUERY :commandType \(nothing) '
             ORDER BY rulename
            """
        guard let name = try lookup.rows(of: rules, as: .connectingRole)?.first?[0] else {
            let code = TriggerCode(of: draft.row.relation, in: snapshot)
            guard let trigger = code.swallower else { return .nothing }
            let name = Identifier.displayed(trigger.name)
            return .hopeless("impossible: the trigger \(name) lets no row into the table itself")
        }
        return .hopeless("impossible: the rule \(Identifier.displayed(name)) swallows every row")
    }

    // MARK: - NOT NULL

    private func afterNull(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let columns = snapshot.columns[row.relation.oid] ?? []
        if let column = columns.first(where: { $0.name == error.column }) {
            if column.isGenerated { return try afterGeneratedNull(column, site, row) }
            if column.isIdentity || site == .row && synthesizer.drawsFromSequence(column) {
                return .nothing
            }
            if site == .row, let base = next.base, base.columns[column.number] == nil {
                let isFilled = snapshot.triggers[base.table]?.contains(where: \.isBefore) ?? false
                return isFilled
                    ? .nothing
                    : .hopeless(
                        "impossible: column \(Identifier.displayed(column.name)) of "
                            + "\(row.relation.objectName.displayed) must not be null, and the view "
                            + "does not show it"
                    )
            }
            if row.values[column.number] == nil {
                next[site].forced.insert(column.number)
                return .knowledge(next)
            }
            if row.values[column.number]?.content == .null, site == .row,
                let type = snapshot.baseType(of: column), case .enumeration = type.form,
                snapshot.enumLabels[type.oid] == nil
            {
                return .hopeless(
                    "impossible: column \(Identifier.displayed(column.name)) must not be null, and "
                        + "the type \(Identifier.displayed(type.name)) has no value"
                )
            }
            guard row.values[column.number]?.content == .null,
                next.tried.insert("null \(column.relation) \(column.number)").inserted
            else { return .nothing }
            next[site].values[column.number] = nil
            return .knowledge(next)
        }
        // A view may call the column otherwise: then each of its columns is given a value.
        guard row.relation.kind == .view, next.tried.insert("all columns").inserted else {
            return .nothing
        }
        next[site].forced.formUnion(
            columns.filter { !$0.hasDefault && !$0.isComputed }.map(\.number)
        )
        return .knowledge(next)
    }

    /// A generated column must not be null: what it is made of must not let it.
    private func afterGeneratedNull(
        _ column: Column,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        guard let expression = column.defaultExpression else { return .nothing }
        var next = knowledge
        let condition = LearnedCondition(text: "((\(expression)) IS NOT NULL)", mustBeTrue: true)
        guard !next[site].conditions.contains(condition) else { return .nothing }
        next[site].conditions.append(condition)
        let inputs = Conditions(of: row.relation, in: snapshot).inputs(of: column)
        return try solving(site, row, touching: inputs, apartBy: [], next)
    }

    // MARK: - Keys

    /// Whether the row can choose what the key refers to: a view may not show its columns.
    private func isOurs(_ key: Constraint, at site: RowSite) -> Bool {
        guard site == .row, let base = knowledge.base else { return true }
        return key.columns.allSatisfy { base.columns[$0] != nil }
    }

    private func afterMissingParent(_ key: Constraint, _ site: RowSite) -> Teaching {
        var next = knowledge
        let claims = next.madeByTriggers.filter { $0.parent == key.referencedRelation }
        if !claims.isEmpty, next.tried.insert("really made \(key.referencedRelation)").inserted {
            next.madeByTriggers.subtract(claims)
            return .knowledge(next)
        }
        guard next[site].scaffoldedKeys.insert(key.oid).inserted else { return .nothing }
        next[site].forced.formUnion(key.columns)
        return .knowledge(next)
    }

    /// Code that the row sets off refers to a row of reference data that is not there.
    ///
    /// Which one stands in the detail alone, after the last `=(`, in every language; it decides
    /// nothing but what is tried next.
    private func afterMissingReference(_ error: ServerError) -> Teaching {
        guard
            let key = snapshot.constraints.values.joined().first(where: { key in
                key.kind == .foreignKey && key.name == error.constraint
                    && snapshot.relations[key.relation].map {
                        $0.name == error.table && $0.schema == error.schema
                    } ?? false
            }), key.columns.count == 1, let detail = error.detail,
            let start = detail.ranges(of: "=(").last?.upperBound,
            let end = detail[start...].lastIndex(of: ")")
        else { return .nothing }
        let value = RowValue(.literal(String(detail[start..<end])), from: .rule)
        let extra = RowKnowledge.ExtraParent(
            relation: key.referencedRelation,
            key: key.referencedColumns,
            values: [key.referencedColumns[0]: value]
        )
        guard !knowledge.extraParents.contains(extra) else { return .nothing }
        var next = knowledge
        next.extraParents.append(extra)
        return .knowledge(next)
    }

    /// A trigger put a row in place that the scaffold holds as well: that of `child`, or one that
    /// came before.
    private func afterRowOfTrigger(_ error: ServerError, of child: OID?) -> Teaching {
        let twice = draft.scaffold.map(\.relation)
            .first { $0.name == error.table && $0.schema == error.schema }
        guard let twice else { return .nothing }
        var next = knowledge
        let claim = RowKnowledge.MadeByTrigger(parent: twice.oid, child: child)
        guard next.tried.insert("made by trigger \(twice.oid) \(child ?? 0)").inserted else {
            return .nothing
        }
        next.madeByTriggers.insert(claim)
        return .knowledge(next)
    }

    private func afterDuplicate(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let relation = row.relation
        let indexes = snapshot.uniqueIndexes[relation.oid] ?? []
        let index = indexes.first { $0.name == error.constraint }
        let columns = columns(of: index.map { [$0] } ?? indexes, in: relation)
        if site != .row, let next = try afterParentThatIsThere(row) { return .knowledge(next) }
        if site != .row, mayBeMadeByTrigger(before: relation) {
            let teaching = afterRowOfTrigger(error, of: nil)
            guard case .nothing = teaching else { return teaching }
        }
        let keys = (snapshot.constraints[relation.oid] ?? []).filter { key in
            key.kind == .foreignKey && !columns.isDisjoint(with: key.columns)
                && key.columns.contains { row.values[$0]?.source == .existingParent }
                && !next[site].scaffoldedKeys.contains(key.oid)
        }
        if !keys.isEmpty, next.tried.insert("own parents \(relation.oid)").inserted {
            next[site].scaffoldedKeys.formUnion(keys.map(\.oid))
            for key in keys { for column in key.columns { next[site].values[column] = nil } }
            return .knowledge(next)
        }
        let keyed = Set(index?.columns ?? []).filter { row.values[$0]?.source == .scaffold }
        if site == .row, next.cleared.isEmpty, !keyed.isEmpty, relation.kind == .table,
            mayBeMadeByTrigger(before: relation)
        {
            next.cleared = keyed
            return .knowledge(next)
        }
        let isFresh = columns.contains {
            [.fresh, .scaffold].contains(row.values[$0]?.source)
        }
        if isFresh, next.round < 2 {
            next.round += 1
            return .knowledge(next)
        }
        guard let index, relation.kind == .table,
            next.tried.insert("apart \(relation.oid) \(index.name)").inserted
        else { return .nothing }
        return try solving(site, row, touching: columns, apartBy: [index], next)
    }

    /// A parent that was to be made is there: its child asks for just that one, or any will do.
    private func afterParentThatIsThere(
        _ parent: RowDraft.Row
    ) throws(PostgresError) -> RowKnowledge? {
        var next = knowledge
        for child in draft.scaffold + [draft.row] {
            for key in snapshot.constraints[child.relation.oid] ?? []
            where key.kind == .foreignKey && key.referencedRelation == parent.relation.oid {
                let isAsked = zip(key.columns, key.referencedColumns).allSatisfy { own, other in
                    child.values[own] != nil && child.values[own]?.source != .scaffold
                        && child.values[own]?.content == parent.values[other]?.content
                }
                let claim = RowKnowledge.MadeByTrigger(
                    parent: parent.relation.oid,
                    child: child.relation.oid
                )
                if isAsked, next.tried.insert("there \(key.oid)").inserted {
                    next.madeByTriggers.insert(claim)
                    return next
                }
                let place = ParentKey(
                    relation: parent.relation.oid,
                    columns: key.referencedColumns
                )
                guard next.existing[place] == nil, synthesizer.parents.values[place] == nil,
                    let tuple = try lookup.tuples(of: place, limit: 1).first
                else { continue }
                next.existing[place] = tuple
                return next
            }
        }
        return nil
    }

    private func mayBeMadeByTrigger(before relation: Relation) -> Bool {
        for row in draft.scaffold {
            if row.relation.oid == relation.oid { return false }
            let triggers = snapshot.triggers[row.relation.oid] ?? []
            if triggers.contains(where: { $0.firesOnInsert && $0.isEnabled }) { return true }
        }
        return false
    }

    private func columns(of indexes: [UniqueIndex], in relation: Relation) -> Set<Int> {
        var numbers = Set(indexes.flatMap(\.columns)).subtracting([0])
        let texts = indexes.flatMap { $0.expressions + [$0.predicate ?? ""] }
        let names = texts.reduce(into: Set<String>()) { $0.formUnion(Harvest($1).names) }
        for column in snapshot.columns[relation.oid] ?? [] where names.contains(column.name) {
            numbers.insert(column.number)
        }
        return numbers
    }

    // MARK: - Conditions

    private func afterCheck(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let conditions = Conditions(of: row.relation, in: snapshot).all
        let violated = conditions.filter { $0.name == error.constraint }
        let touched = violated.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        if site == .row, violated.contains(where: { $0.text == "false" }) {
            let name = Identifier.displayed(error.constraint ?? "")
            return .hopeless("impossible: the constraint \(name) refuses every row")
        }
        guard !violated.isEmpty else { return .nothing }
        // One refusal is solved alone; a second says that the guess is a poor one altogether.
        let isSecond = !next.tried.insert("checks \(row.relation.oid)").inserted
        let columns = isSecond ? conditions.reduce(touched) { $0.union($1.columns) } : touched
        return try solvingOnce(site, row, touching: columns, for: error, next)
    }

    /// Solves at most three times for one constraint: a volatile check may say no to what it took.
    private func solvingOnce(
        _ site: RowSite,
        _ row: RowDraft.Row,
        touching columns: Set<Int>,
        for error: ServerError,
        _ knowledge: RowKnowledge
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let name = "\(row.relation.oid) \(error.sqlState) \(error.constraint ?? "")"
        let isAllowed = (1...3).contains { next.tried.insert("solve \($0) \(name)").inserted }
        guard isAllowed else { return .nothing }
        return try solving(site, row, touching: columns, apartBy: [], next)
    }

    private func afterBadValue(
        _ error: ServerError,
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        guard next.tried.insert("values \(row.relation.oid) \(error.sqlState)").inserted else {
            return .nothing
        }
        // Generated columns and indexes must at least be computable.
        let columns = snapshot.columns[row.relation.oid] ?? []
        let indexes = snapshot.uniqueIndexes[row.relation.oid] ?? []
        let expressions =
            columns.filter(\.isGenerated).compactMap(\.defaultExpression)
            + indexes.flatMap(\.expressions)
        let learned = expressions.map { expression in
            LearnedCondition(
                text: "((\(expression)) IS NOT DISTINCT FROM (\(expression)))",
                mustBeTrue: false
            )
        }
        for condition in learned where !next[site].conditions.contains(condition) {
            next[site].conditions.append(condition)
        }
        return try solving(site, row, touching: Set(columns.map(\.number)), apartBy: [], next)
    }

    private func afterNoPartition(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        let root = row.relation
        let leaves = leaves(of: root)
        guard !leaves.isEmpty else {
            return root.kind == .partitionedTable && snapshot.partitions[root.oid] == nil
                ? .hopeless("impossible: \(root.objectName.displayed) has no partition") : .nothing
        }
        var next = knowledge
        guard next.tried.insert("partition \(root.oid)").inserted else { return .nothing }
        for leaf in leaves {
            let definition = "SELECT pg_catalog.pg_get_partition_constraintdef(\(leaf.oid))"
            guard
                let condition = try lookup.rows(of: definition, as: .connectingRole)?.first?[0]
            else { continue }
            var attempt = next
            attempt[site].conditions = [LearnedCondition(text: condition, mustBeTrue: true)]
            let columns = learned(attempt[site].conditions, about: root)
                .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
            let teaching = try solving(site, row, touching: columns, apartBy: [], attempt)
            if case .knowledge = teaching { return teaching }
        }
        return .nothing
    }

    /// The leaves in the tree of a partitioned table, in the order of their names.
    private func leaves(of root: Relation) -> [Relation] {
        var leaves: [Relation] = []
        var pending = Array((snapshot.partitions[root.oid] ?? []).reversed())
        while let next = pending.popLast(), leaves.count < 40 {
            if next.kind == .partitionedTable {
                pending += (snapshot.partitions[next.oid] ?? []).reversed()
            } else if next.kind == .table {
                leaves.append(next)
            }
        }
        return leaves
    }

    private func afterPolicy(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        let relation = row.relation
        if next.tried.insert("policy \(relation.oid)").inserted {
            let wanted = try lookup.policyValues(of: relation, for: role)
            next[site].values.merge(wanted) { _, new in new }
            if next[site].values != knowledge[site].values { return .knowledge(next) }
        }
        guard site == .row, next.tried.insert("policy's condition \(relation.oid)").inserted else {
            return .nothing
        }
        let policies = (snapshot.policies[relation.oid] ?? [])
            .filter { $0.appliesToInsert && role.isSubject(to: $0) }
        let permissive = policies.filter(\.isPermissive).compactMap(\.check)
        guard !permissive.isEmpty else { return .nothing }
        let any = permissive.map { "(\($0))" }.joined(separator: " OR ")
        let all = policies.filter { !$0.isPermissive }.compactMap(\.check)
        next[site].conditions = ([any] + all).map { LearnedCondition(text: $0, mustBeTrue: true) }
        let columns = learned(next[site].conditions, about: relation)
            .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        return try solving(site, row, touching: columns, apartBy: [], next, asRole: true)
    }

    /// A view with CHECK OPTION takes only rows that it shows.
    private func afterCheckOption(
        _ site: RowSite,
        _ row: RowDraft.Row
    ) throws(PostgresError) -> Teaching {
        var next = knowledge
        guard next.tried.insert("check option \(row.relation.oid)").inserted else {
            return .nothing
        }
        var conditions: [LearnedCondition] = []
        var pending = [draft.row.relation.oid]
        while let view = pending.popLast() {
            guard snapshot.relations[view]?.kind == .view else { continue }
            let definition = "SELECT pg_catalog.pg_get_viewdef(\(view)::pg_catalog.oid)"
            guard let text = try lookup.rows(of: definition, as: .connectingRole)?.first?[0] else {
                continue
            }
            let flat = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            let parts = DeparsedText.split(flat, at: " WHERE ")
            if parts.count == 2 {
                let condition = parts[1].hasSuffix(";") ? String(parts[1].dropLast()) : parts[1]
                // 15 and earlier name the table before the column.
                let bases = (snapshot.reach.viewBases[view] ?? []).compactMap {
                    snapshot.relations[$0]
                }
                let bare = bases.reduce(condition) { $0.replacing("\($1.name).", with: "") }
                conditions.append(LearnedCondition(text: bare, mustBeTrue: true))
            }
            pending += snapshot.reach.viewBases[view] ?? []
        }
        next[site].conditions = conditions
        let columns = learned(conditions, about: row.relation)
            .reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        return try solving(site, row, touching: columns, apartBy: [], next)
    }

    private func learned(_ conditions: [LearnedCondition], about relation: Relation) -> [Condition]
    {
        let known = Conditions(of: relation, in: snapshot)
        return conditions.flatMap {
            known.conditions(in: $0.text, named: "", mustBeTrue: $0.mustBeTrue)
        }
    }

    // MARK: - Solving

    /// Solves the components that hold some of the columns, and remembers what was found.
    private func solving(
        _ site: RowSite,
        _ row: RowDraft.Row,
        touching columns: Set<Int>,
        apartBy indexes: [UniqueIndex],
        _ knowledge: RowKnowledge,
        asRole: Bool = false
    ) throws(PostgresError) -> Teaching {
        let relation = row.relation
        let foreignKeys = (snapshot.constraints[relation.oid] ?? [])
            .filter { $0.kind == .foreignKey && $0.isEnforced }
        let conditions =
            Conditions(of: relation, in: snapshot).all
            + learned(knowledge[site].conditions, about: relation)
        var groups = foreignKeys.filter { $0.columns.count > 1 }.map { Set($0.columns) }
        groups += indexes.map { self.columns(of: [$0], in: relation) }
        var components = Component.components(of: conditions, joinedBy: groups)
            .filter { !$0.columns.isDisjoint(with: columns) }
        if components.isEmpty, !indexes.isEmpty {
            components = [Component(columns: columns, conditions: [])]
        }
        var next = knowledge
        var isSolved = false
        for component in components {
            let solver = Solver(
                lookup: lookup,
                synthesizer: synthesizer,
                row: row,
                isTried: site == .row,
                fresh: (synthesizer.salt * 64 + 32 + next.round) * 512,
                patience: patience,
                roleLines: asRole ? role.lines : []
            )
            let keys = foreignKeys.filter { component.columns.isSuperset(of: $0.columns) }
            let indexes = indexes + apart(component, besides: indexes, in: relation)
            var solution = Solver.Solution.unknown
            if !keys.isEmpty {
                solution = try solver.solve(component, apartBy: indexes, referringBy: keys)
            }
            if case .found(let values) = solution {
                next[site].take(values, from: row, making: [], finding: keys)
                isSolved = true
                continue
            }
            switch try solver.solve(component, apartBy: indexes, referringBy: []) {
            case .found(let values):
                next[site].take(values, from: row, making: keys, finding: [])
                isSolved = true
            case .impossible:
                let isDeclared = component.columns.contains {
                    synthesizer.declared[relation.oid]?[$0] != nil
                }
                guard site == .row, !isDeclared else { return .nothing }
                return try hopeless(component, indexes, solver)
            case .unknown: continue
            }
        }
        return isSolved && next != self.knowledge ? .knowledge(next) : .nothing
    }

    /// Whether the rows that are there are all that the tried relation's indexes allow, for a search
    /// that ended with something else in the way.
    ///
    /// - Throws: `connectionLost`.
    func fullness() throws(PostgresError) -> String? {
        let row = draft.baseRow ?? draft.row
        guard row.relation.kind == .table, lookup.reader(row.relation) != .nobody else {
            return nil
        }
        for index in snapshot.uniqueIndexes[row.relation.oid] ?? [] {
            let columns = columns(of: [index], in: row.relation)
            guard !columns.isEmpty, columns.count <= 3 else { continue }
            let teaching = try solving(.row, row, touching: columns, apartBy: [index], knowledge)
            if case .hopeless(let reason) = teaching { return reason }
        }
        return nil
    }

    /// The indexes that a choice for the component alone can respect.
    private func apart(
        _ component: Component,
        besides indexes: [UniqueIndex],
        in relation: Relation
    ) -> [UniqueIndex] {
        guard relation.kind == .table, lookup.reader(relation) != .nobody else { return [] }
        return (snapshot.uniqueIndexes[relation.oid] ?? []).filter { index in
            let columns = columns(of: [index], in: relation)
            return !indexes.contains(index) && !columns.isEmpty
                && component.columns.isSuperset(of: columns)
        }
    }

    /// Says whether the rows that are there stand in the way, or the constraints each other.
    private func hopeless(
        _ component: Component,
        _ indexes: [UniqueIndex],
        _ solver: Solver
    ) throws(PostgresError) -> Teaching {
        let names = (snapshot.columns[solver.row.relation.oid] ?? [])
            .filter { component.columns.contains($0.number) }
            .map { Identifier.displayed($0.name) }
        let list = names.joined(separator: ", ")
        if let index = indexes.first,
            case .found = try solver.solve(component, apartBy: [], referringBy: [])
        {
            return .hopeless(
                "full: every row that \(Identifier.displayed(index.name)) allows is there already (\(list))"
            )
        }
        guard indexes.isEmpty else { return .nothing }
        let constraints = Set(component.conditions.map(\.name)).filter { !$0.isEmpty }.sorted()
            .map(Identifier.displayed)
        return .hopeless(
            "impossible: no values of \(list) satisfy \(constraints.joined(separator: ", "))"
        )
    }
}

extension RelationKnowledge {
    /// Remembers the values that the server found; `keys` are those whose parents must be made,
    /// `others` those whose parents are there.
    fileprivate mutating func take(
        _ found: [Int: RowValue?],
        from row: RowDraft.Row,
        making keys: [Constraint],
        finding others: [Constraint]
    ) {
        scaffoldedKeys.subtract(others.map(\.oid))
        for (number, value) in found {
            guard let value else {
                values[number] = nil
                forced.remove(number)
                continue
            }
            // What keeps the row apart from others stays free to change.
            if value.content == row.values[number]?.content,
                [.fresh, .scaffold].contains(value.source)
            {
                continue
            }
            values[number] = value
        }
        for key in keys {
            let chosen = key.columns.map { values[$0] ?? row.values[$0] }
            if chosen.allSatisfy({ $0?.source == .existingParent }) {
                scaffoldedKeys.remove(key.oid)
            } else if chosen.allSatisfy({ $0.map { $0.content != .null } ?? false }) {
                scaffoldedKeys.insert(key.oid)
            }
        }
    }
}
