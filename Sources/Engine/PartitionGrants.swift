internal import Access
internal import Catalog
internal import Trials

extension RunContext {
    /// What is left of a denial on a partitioned table whose partitions have grants of their own: whoever
    /// names a partition is asked for its privileges alone (manual, 5.11, Table Partitioning).
    func heldOnPartitions(_ record: Record) -> Record {
        let (trial, privileges) = (record.trial, record.trial.operation.privileges)
        guard trial.expected == .denied, record.verdict == .passed, !privileges.isEmpty,
            let relation = snapshot.relationsByName[trial.object],
            relation.kind == .partitionedTable, let role = snapshot.rolesByName[trial.role]
        else { return record }
        let user = access.principal(role.oid)
        let open = reach.written(by: relation.oid).subtracting([relation.oid]).sorted()
            .compactMap { snapshot.relations[$0] }
            .first { partition in
                let schema = snapshot.schemas[partition.schemaOID]
                let right = access.usableRight(to: trial.operation, user, on: partition)
                return schema.map { access.has(user, .usage, on: $0) } ?? false
                    && (right == .held || right == .withoutKey)
            }
        guard let open else { return record }
        var record = record
        record.verdict = .failed
        record.problem = .unexpectedlyAllowed
        record.decidedBy = .catalog
        let words = privileges.map(\.rawValue).joined(separator: " and ")
        record.reason =
            "denied on the table, but the role holds \(words) on its partition "
            + open.objectName.displayed
        return record
    }
}
