internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// The statements that take a row away so that the tried one finds its place.
    ///
    /// One that was there before may be in use: then it is let be at once. What its going sets off
    /// is nothing that the role under trial does: triggers and keys are switched off if that is
    /// allowed, else what they leave for the end is forced under whoever takes the row away.
    func clearingLines(_ draft: RowDraft, lockTimeout: Int) throws(PostgresError) -> [String] {
        guard let clearing = try draft.clearing(with: connection) else { return [] }
        let relation = draft.vacancy?.row.relation ?? draft.row.relation
        var lines = [clearing]
        let deferred = context.snapshot.deferredTriggers[relation.oid] ?? []
        if draft.vacancy != nil, !context.mayUseReplicaMode, !deferred.isEmpty {
            let list = try DeferredConstraints.list(deferred, with: connection)
            lines.append("SET CONSTRAINTS \(list) IMMEDIATE")
            lines.append("SET CONSTRAINTS \(list) DEFERRED")
        }
        if let clearer = context.clearer(relation) {
            lines.insert("SET LOCAL ROLE \(try connection.quoted(identifier: clearer))", at: 0)
            lines.append("SET LOCAL ROLE NONE")
        }
        guard draft.vacancy != nil else { return lines }
        if context.mayUseReplicaMode {
            lines.insert("SET LOCAL session_replication_role = replica", at: 0)
            lines.append("SET LOCAL session_replication_role = origin")
        }
        lines.insert("SET LOCAL lock_timeout = \(min(Shield.patience, lockTimeout))", at: 0)
        lines.append("SET LOCAL lock_timeout = \(lockTimeout)")
        return lines
    }

    /// What a pass must say that was only possible in the place of another row.
    func remark(onVacancyIn draft: RowDraft) -> String? {
        draft.vacancy.map { _ in
            "the table is full: tried in the place of a row that was taken away first"
        }
    }

    /// What would let a row find its place in a table that is full.
    func hint(onFullTable conclusion: String, _ draft: RowDraft) -> String? {
        let relation = (draft.baseRow ?? draft.row).relation
        guard conclusion.hasPrefix("full:"), !context.mayRemoveRows(of: relation) else {
            return nil
        }
        let owner = Identifier.displayed(context.snapshot.roleName(relation.owner))
        return "SET membership in the owner \(owner) would allow pgsmoke to take one away first"
    }
}
