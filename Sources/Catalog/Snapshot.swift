package import Trials

/// The catalog as one transaction saw it: everything that later steps need to know, read in a
/// fixed number of queries, however many tables there are.
///
/// A class, since much of what holds it is copied for every table.
package final class Snapshot: Sendable {
    package let server: Server
    package let roles: [OID: Role]
    package let rolesByName: ExactNames<Role>
    package let membershipsByMember: [OID: [Membership]]
    package let roleSettings: [RoleSetting]
    package let sessionSettings: [SessionSetting]
    package let schemas: [OID: Schema]
    package let relations: [OID: Relation]
    /// By schema, then name.
    package let orderedRelations: [Relation]
    package let relationsByName: [ObjectName: Relation]
    package let columns: [OID: [Column]]
    package let types: [OID: DataType]
    package let enumLabels: [OID: [String]]
    /// By table, or by domain.
    package let constraints: [OID: [Constraint]]
    /// The users' constraint triggers that wait for the end of the transaction, by table.
    package let deferredTriggers: [OID: [Constraint]]
    package let uniqueIndexes: [OID: [UniqueIndex]]
    package let partitionKeys: [OID: PartitionKey]
    /// The partitions right below a partitioned table, by name.
    package let partitions: [OID: [Relation]]
    package let sequences: [OID: SequenceParameters]
    package let routines: [OID: Routine]
    package let triggers: [OID: [Trigger]]
    package let policies: [OID: [Policy]]
    /// What the objects that roles will make come with.
    package let defaultPrivileges: [DefaultPrivileges]
    package let reach: Reach

    /// Puts together what the queries have brought in.
    init(_ rows: consuming CatalogRows) {
        guard let server = rows.servers.first else {
            preconditionFailure("the server's own row is always there")
        }
        self.server = server
        roles = Dictionary(rows.roles.map { ($0.oid, $0) }) { first, _ in first }
        rolesByName = rows.roles.reduce(into: ExactNames()) { $0[$1.name] = $1 }
        membershipsByMember = Dictionary(grouping: rows.memberships, by: \.member)
        roleSettings = rows.roleSettings
        sessionSettings = rows.sessionSettings
        schemas = Dictionary(rows.schemas.map { ($0.oid, $0) }) { first, _ in first }
        relations = Dictionary(rows.relations.map { ($0.oid, $0) }) { first, _ in first }
        orderedRelations = rows.relations
        relationsByName = Dictionary(rows.relations.map { ($0.objectName, $0) }) { first, _ in
            first
        }
        columns = Dictionary(grouping: rows.columns, by: \.relation)
        types = Dictionary(rows.types.map { ($0.oid, $0) }) { first, _ in first }
        enumLabels = Dictionary(grouping: rows.labels, by: \.type).mapValues { $0.map(\.label) }
        constraints = Dictionary(grouping: rows.constraints) {
            $0.relation == 0 ? $0.domain : $0.relation
        }
        deferredTriggers = Dictionary(
            grouping: rows.constraints.filter { $0.kind == .trigger && $0.isInitiallyDeferred },
            by: \.relation
        )
        uniqueIndexes = Dictionary(grouping: rows.uniqueIndexes, by: \.relation)
        partitionKeys = Dictionary(rows.partitionKeys.map { ($0.relation, $0) }) { first, _ in
            first
        }
        partitions = Dictionary(grouping: rows.relations.filter(\.isPartition)) {
            $0.parent ?? 0
        }
        sequences = Dictionary(rows.sequences.map { ($0.sequence, $0) }) { first, _ in first }
        routines = Dictionary(rows.routines.map { ($0.oid, $0) }) { first, _ in first }
        triggers = Dictionary(grouping: rows.triggers, by: \.relation)
        policies = Dictionary(grouping: rows.policies, by: \.relation)
        defaultPrivileges = rows.defaultPrivileges
        reach = Reach(rows.dependencies)
    }

    /// The relation's column of that number.
    package func column(_ number: Int, of relation: OID) -> Column? {
        columns[relation]?.first { $0.number == number }
    }

    /// The name of a role, or its number if it is gone.
    package func roleName(_ oid: OID) -> String { roles[oid]?.name ?? String(oid) }
}
