internal import Catalog
internal import Postgres
internal import Trials

/// What an error says outright about the row that would do.
struct Lesson {
    enum Teaching {
        case knowledge(RowKnowledge)
        /// No row can do, and this is why.
        case hopeless(String)
        /// Every row that could be is there.
        case full(Fullness)
        case nothing
    }

    /// Asks the server.
    let lookup: Lookup
    /// Makes the drafts.
    let synthesizer: RowSynthesizer
    /// The draft that failed.
    let draft: RowDraft
    /// What was known when the draft was made.
    let knowledge: RowKnowledge
    /// Milliseconds that one question to the server may take.
    let patience: Int
    /// Whether the row is put in place by others for the statement to pick.
    let isPicking: Bool
    /// The role whose policies and settings count.
    let role: RowSearch.RoleUnderTrial
    /// Whether somebody may take rows of a relation away.
    let mayRemoveRows: (Relation) -> Bool

    /// The catalog.
    var snapshot: Snapshot { lookup.snapshot }

    /// Learns from a failure.
    ///
    /// - Throws: `connectionLost`.
    func teaching(of failure: Failure) throws(PostgresError) -> Teaching {
        switch failure {
        case .swallowed: return try afterNothing()
        case .filtered: return try afterPolicy(.row, draft.suitedRow)
        case .row(let error):
            if let base = try base(after: error) { return .knowledge(base) }
            if let next = try afterInsteadOf(error) { return .knowledge(next) }
            return try teaching(of: error, site: .row, row: draft.suitedRow)
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
        if error.isOfMissingSetting || error.isOfUnreadableText,
            case .knowledge(let next) = afterSetting(error, site, row)
        {
            return .knowledge(next)
        }
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
        case .objectNotInPrerequisite where error.asksSession:
            return afterDefault(site, row, where: \.asksSession)
        default:
            let isOfValue = error.isInOurStatement && error.sqlState.conditionClass == "22"
            guard isOfValue || isOfCondition(error, row.relation) else { return .nothing }
            return try afterBadValue(error, site, row)
        }
    }

    /// Whether the error arose in a function that a constraint, an index or a default calls.
    func isOfCondition(_ error: ServerError, _ relation: Relation) -> Bool {
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

    /// Whether the error names a partition of the table.
    func isPartition(_ error: ServerError, of root: Relation) -> Bool {
        guard root.kind == .partitionedTable else { return false }
        return snapshot.orderedRelations.contains {
            $0.name == error.table && $0.schema == error.schema
                && snapshot.root(of: $0).oid == root.oid
        }
    }

    /// A rule that does nothing instead swallows every row.
    func afterNothing() throws(PostgresError) -> Teaching {
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
}
