internal import Access
internal import Catalog
internal import Trials

extension RunContext {
    /// What is left of a denial on a partitioned table whose partitions have grants of their own: whoever
    /// names a partition is asked for its privileges alone (manual, 5.11, Table Partitioning).
    func heldOnPartitions(_ record: Record) -> Record {
        let trial = record.trial
        guard trial.expected == .denied, record.verdict == .passed, record.problem == nil,
            let relation = snapshot.relationsByName[trial.object],
            relation.kind == .partitionedTable,
            let role = snapshot.rolesByName[trial.role], !trial.operation.privilegesAsked.isEmpty
        else { return record }
        let user = access.principal(role.oid)
        let open = partitions(of: relation.oid).first { partition in
            let schema = snapshot.schemas[partition.schemaOID]
            return schema.map { access.has(user, .usage, on: $0) } ?? false
                && trial.operation.privilegesAsked.allSatisfy {
                    access.hasAny(user, $0, on: partition)
                }
        }
        guard let open else { return record }
        var record = record
        record.verdict = .failed
        record.problem = .unexpectedlyAllowed
        record.decidedBy = .catalog
        let words = trial.operation.privilegesAsked.map(\.rawValue).joined(separator: " and ")
        record.reason =
            "denied on the table, but the role holds \(words) on its partition "
            + open.objectName.displayed
        return record
    }

    /// The partitions of a table, of all levels.
    private func partitions(of table: OID) -> [Relation] {
        let own = snapshot.partitions[table] ?? []
        return own + own.flatMap { partitions(of: $0.oid) }
    }
}

extension Operation {
    /// The privileges that a statement on a table asks for; empty if they are not all that counts.
    fileprivate var privilegesAsked: [Privilege] {
        switch self {
        case .insert, .copy: [.insert]
        case .insertReturning: [.insert, .select]
        case .upsert: [.insert, .select, .update]
        case .select: [.select]
        case .selectForUpdate: [.select, .update]
        case .update: [.update]
        case .delete: [.delete]
        case .truncate: [.truncate]
        case .references: [.references]
        case .trigger: [.trigger]
        default: []
        }
    }
}
