package import Postgres
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

    /// How much of the catalog is read.
    package enum Scope: Sendable {
        case everything
        /// Roles, schemas, relations and the columns with grants of their own: who may do what, and not
        /// what a statement sets off.
        case privileges
    }

    /// Reads the catalog of the connected database in one round trip and one transaction.
    ///
    /// What lies outside the scope stays empty.
    /// The queries touch the catalogs alone, so a role without any grant can run them, and wait for
    /// nobody: what others hold locked is read without its deparsed expressions.
    /// - Throws: `server` (55P03 if somebody took a lock in the middle), `connectionLost`.
    package static func read(
        _ scope: Scope = .everything,
        from connection: Connection
    ) throws(PostgresError) -> Snapshot {
        let version = connection.serverVersion
        var builder = Builder()
        // The session's own settings come first: what is set here would hide where they are from.
        let opening = [
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            "SET LOCAL statement_timeout = '60s'",
            SessionSetting.query(on: version),
            """
            SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
                   pg_catalog.set_config('lock_timeout', '5s', true),
                   pg_catalog.set_config('jit', 'off', true)
            """,
            "SAVEPOINT pgsmoke",
        ]
        let parts = Builder.parts(of: scope)
        // Going back gives up the query's locks, one for each catalog and each of its indexes.
        let queries = parts.flatMap { [$0.query(version), "ROLLBACK TO SAVEPOINT pgsmoke"] }
        do throws(PostgresError) {
            try connection.query(opening + queries + ["COMMIT"]) { index, rows in
                if index == 2 { builder.sessionSettings = rows.values() }
                let (part, step) = (index - opening.count).quotientAndRemainder(dividingBy: 2)
                if step == 0, parts.indices.contains(part) { parts[part].take(rows, &builder) }
            }
        } catch {
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            throw error
        }
        return Snapshot(builder)
    }

    /// Puts together what the queries have brought in.
    private init(_ builder: consuming Builder) {
        guard let server = builder.servers.first else {
            preconditionFailure("the server's own row is always there")
        }
        self.server = server
        roles = Dictionary(builder.roles.map { ($0.oid, $0) }) { first, _ in first }
        rolesByName = builder.roles.reduce(into: ExactNames()) { $0[$1.name] = $1 }
        membershipsByMember = Dictionary(grouping: builder.memberships, by: \.member)
        roleSettings = builder.roleSettings
        sessionSettings = builder.sessionSettings
        schemas = Dictionary(builder.schemas.map { ($0.oid, $0) }) { first, _ in first }
        relations = Dictionary(builder.relations.map { ($0.oid, $0) }) { first, _ in first }
        orderedRelations = builder.relations
        relationsByName = Dictionary(builder.relations.map { ($0.objectName, $0) }) { first, _ in
            first
        }
        columns = Dictionary(grouping: builder.columns, by: \.relation)
        types = Dictionary(builder.types.map { ($0.oid, $0) }) { first, _ in first }
        enumLabels = Dictionary(grouping: builder.labels, by: \.type).mapValues { $0.map(\.label) }
        constraints = Dictionary(grouping: builder.constraints) {
            $0.relation == 0 ? $0.domain : $0.relation
        }
        deferredTriggers = Dictionary(
            grouping: builder.constraints.filter { $0.kind == .trigger && $0.isInitiallyDeferred },
            by: \.relation
        )
        uniqueIndexes = Dictionary(grouping: builder.uniqueIndexes, by: \.relation)
        partitionKeys = Dictionary(builder.partitionKeys.map { ($0.relation, $0) }) { first, _ in
            first
        }
        partitions = Dictionary(grouping: builder.relations.filter(\.isPartition)) {
            $0.parent ?? 0
        }
        sequences = Dictionary(builder.sequences.map { ($0.sequence, $0) }) { first, _ in first }
        routines = Dictionary(builder.routines.map { ($0.oid, $0) }) { first, _ in first }
        triggers = Dictionary(grouping: builder.triggers, by: \.relation)
        policies = Dictionary(grouping: builder.policies, by: \.relation)
        defaultPrivileges = builder.defaultPrivileges
        reach = Reach(builder.dependencies)
    }

    /// How many catalog queries `read` sends.
    package static var queryCount: Int { Builder.parts(of: .everything).count + 1 }

    /// The relation's column of that number.
    package func column(_ number: Int, of relation: OID) -> Column? {
        columns[relation]?.first { $0.number == number }
    }

    /// The name of a role, or its number if it is gone.
    package func roleName(_ oid: OID) -> String { roles[oid]?.name ?? String(oid) }
}

/// Gathers the rows of all queries.
private struct Builder {
    /// A query and the place that its rows go to.
    struct Part {
        let query: (_ version: Int) -> String
        let take: (_ rows: borrowing Rows, _ builder: inout Builder) -> Void

        init<Value: CatalogRow>(
            _ place: WritableKeyPath<Builder, [Value]>,
            _ query: @escaping (_ version: Int) -> String = { Value.query(on: $0) }
        ) {
            self.query = query
            take = { rows, builder in builder[keyPath: place] = rows.values() }
        }
    }

    static func parts(of scope: Snapshot.Scope) -> [Part] {
        let privileges = [
            Part(\.servers), Part(\.roles), Part(\.memberships), Part(\.schemas), Part(\.relations),
        ]
        return switch scope {
        case .privileges: privileges + [Part(\.columns) { _ in Column.grantedQuery }]
        case .everything:
            privileges + [
                Part(\.roleSettings), Part(\.columns), Part(\.types), Part(\.labels),
                Part(\.constraints), Part(\.uniqueIndexes), Part(\.partitionKeys),
                Part(\.sequences),
                Part(\.routines), Part(\.triggers), Part(\.policies), Part(\.defaultPrivileges),
                Part(\.dependencies),
            ]
        }
    }

    var servers: [Server] = []
    var roles: [Role] = []
    var memberships: [Membership] = []
    var roleSettings: [RoleSetting] = []
    var sessionSettings: [SessionSetting] = []
    var schemas: [Schema] = []
    var relations: [Relation] = []
    var columns: [Column] = []
    var types: [DataType] = []
    var labels: [EnumLabel] = []
    var constraints: [Constraint] = []
    var uniqueIndexes: [UniqueIndex] = []
    var partitionKeys: [PartitionKey] = []
    var sequences: [SequenceParameters] = []
    var routines: [Routine] = []
    var triggers: [Trigger] = []
    var policies: [Policy] = []
    var defaultPrivileges: [DefaultPrivileges] = []
    var dependencies: [Dependency] = []
}
