internal import Postgres

/// The rows of all catalog queries, as they come in.
struct CatalogRows: Sendable {
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

    /// A statement, and what becomes of its rows.
    private struct Step {
        let sql: String
        var take: ((_ rows: borrowing Rows, _ all: inout CatalogRows) -> Void)?
    }

    /// A query and the place that its rows go to.
    struct Part {
        let query: (_ version: Int) -> String
        let take: (_ rows: borrowing Rows, _ all: inout CatalogRows) -> Void
        /// Takes over what was read elsewhere.
        let copy: (_ other: CatalogRows, _ all: inout CatalogRows) -> Void

        init<Value: CatalogRow>(
            _ place: WritableKeyPath<CatalogRows, [Value]>,
            _ query: @escaping (_ version: Int) -> String = { Value.query(on: $0) }
        ) {
            self.query = query
            take = { rows, all in all[keyPath: place] = rows.values() }
            copy = { other, all in all[keyPath: place] = other[keyPath: place] }
        }
    }
}

extension CatalogRows {
    static func parts(of scope: Snapshot.Scope) -> [Part] {
        switch scope {
        case .everything: firstShare + secondShare
        case .privileges: privileges + [Part(\.columns) { _ in Column.grantedQuery }]
        }
    }

    private static var privileges: [Part] {
        [Part(\.servers), Part(\.roles), Part(\.memberships), Part(\.schemas), Part(\.relations)]
    }

    /// Of two connections that share the work, what the first one reads.
    private static var firstShare: [Part] {
        privileges + [Part(\.roleSettings), Part(\.columns), Part(\.labels), Part(\.policies)]
    }

    /// What the second one reads, which takes about as long.
    private static var secondShare: [Part] {
        [
            Part(\.constraints), Part(\.types), Part(\.uniqueIndexes), Part(\.partitionKeys),
            Part(\.sequences), Part(\.routines), Part(\.triggers), Part(\.defaultPrivileges),
            Part(\.dependencies),
        ]
    }

    /// Reads parts of the catalog in one transaction and one round trip.
    init(_ scope: Snapshot.Scope, over connection: Connection) throws(PostgresError) {
        self.init()
        let version = connection.serverVersion
        let steps =
            [Step(sql: Self.begin)] + Self.preparation(on: version)
            + Self.steps(of: Self.parts(of: scope), on: version) + [Step(sql: "COMMIT")]
        try carryOut(steps, over: connection)
    }

    /// Reads the first share of everything in a transaction that is begun and goes on.
    init(firstShareOver connection: Connection) throws(PostgresError) {
        self.init()
        let version = connection.serverVersion
        let steps = Self.preparation(on: version) + Self.steps(of: Self.firstShare, on: version)
        try carryOut(steps, over: connection)
    }

    /// Begins a transaction that sees what the one of that name sees; `false` if it cannot.
    static func begin(seeing name: String, over connection: Connection) -> Bool {
        guard let name = try? connection.quoted(literal: name) else { return false }
        let statements = [begin, "SET TRANSACTION SNAPSHOT \(name)"]
        return (try? connection.query(statements) { _, _ in }) != nil
    }

    /// Reads the second share in a transaction that is begun, and ends it.
    init(secondShareOver connection: Connection) throws(PostgresError) {
        self.init()
        let steps =
            [Self.timeLimit] + Self.limits
            + Self.steps(of: Self.secondShare, on: connection.serverVersion) + [Step(sql: "COMMIT")]
        try carryOut(steps, over: connection)
    }

    /// Reads the second share behind the first.
    mutating func readSecondShare(over connection: Connection) throws(PostgresError) {
        let steps = Self.steps(of: Self.secondShare, on: connection.serverVersion)
        try carryOut(steps, over: connection)
    }

    /// Takes over the second share.
    mutating func takeSecondShare(of other: CatalogRows) {
        for part in Self.secondShare { part.copy(other, &self) }
    }

    static let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    /// What comes before the queries.
    private static func preparation(on version: Int) -> [Step] {
        // What is set before would hide where the session's own settings are from.
        let settings = Step(sql: SessionSetting.query(on: version)) { rows, all in
            all.sessionSettings = rows.values()
        }
        return [timeLimit, settings] + limits
    }

    private static var timeLimit: Step { Step(sql: "SET LOCAL statement_timeout = '60s'") }

    private static var limits: [Step] {
        [
            Step(
                sql: """
                    SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
                           pg_catalog.set_config('lock_timeout', '5s', true),
                           pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true),
                           pg_catalog.set_config('jit', 'off', true)
                    """
            ),
            Step(sql: "SAVEPOINT pgsmoke"),
        ]
    }

    /// Going back gives up the query's locks, one for each catalog and each of its indexes.
    private static func steps(of parts: [Part], on version: Int) -> [Step] {
        parts.flatMap {
            [
                Step(sql: $0.query(version), take: $0.take),
                Step(sql: "ROLLBACK TO SAVEPOINT pgsmoke"),
            ]
        }
    }

    private mutating func carryOut(
        _ steps: [Step],
        over connection: Connection
    ) throws(PostgresError) {
        do throws(PostgresError) {
            try connection.query(steps.map(\.sql)) { index, rows in
                steps[index].take?(rows, &self)
            }
        } catch {
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            throw error
        }
    }
}
