internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// An insert into a table that is made for it, as the next migration would make it: with a serial, an
/// identity and a plain column.
struct FutureTrial {
    let context: RunContext
    let connection: Connection
    let frame: RoleFrame
    let creator: Role
    let schema: Schema

    /// What the creator, or the schema's owner, would have to grant.
    enum Remedy: Hashable {
        case schema(PlannedGrant)
        case defaults(DefaultPrivileges.Objects)
    }

    /// What one try came to.
    enum Outcome {
        case passed
        /// The role was refused: by the schema, the table or the sequence.
        case denied(ServerError, MissingPrivilege)
        /// Anything else, with one sentence about it.
        case stopped(String, ServerError?)
    }

    /// The statements sent by the last try.
    private(set) var sent: [String] = []

    init(
        _ context: RunContext,
        over connection: Connection,
        _ frame: RoleFrame,
        _ creator: Role,
        _ schema: Schema
    ) {
        self.context = context
        self.connection = connection
        self.frame = frame
        self.creator = creator
        self.schema = schema
    }

    /// Makes the table after the remedies, and tries the role on it.
    mutating func attempt(after remedies: [Remedy]) throws(PostgresError) -> Outcome {
        var last: ServerError?
        var timeouts = 0
        for round in 0..<6 where timeouts < 2 {
            if round > 0 { pause(milliseconds: 30 * round) }
            let script = try script(remedies)
            sent = script.statements
            let answer = try script.send(over: connection)
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            guard let (purpose, error) = answer.failure else { return passed(answer) }
            sent = Array(script.statements.prefix(answer.succeeded.count + 1))
            last = error
            if error.sqlState == .queryCanceled { timeouts += 1 }
            if Self.isPassing(error.sqlState) { continue }
            switch purpose {
            case .statement where error.sqlState == .insufficientPrivilege:
                return .denied(error, lacking(error, remedies))
            case .scaffold:
                return .stopped(
                    "\(Identifier.displayed(creator.name)) could not make a table: \(error.message)",
                    error
                )
            default: return .stopped(error.message, error)
            }
        }
        return .stopped(
            last?.sqlState == .queryCanceled
                ? "it did not finish within a second, and others may have to wait for it"
                : "somebody else held a lock that it waited for",
            last
        )
    }

    private static func isPassing(_ state: SQLState) -> Bool {
        [.lockNotAvailable, .queryCanceled, .deadlockDetected, SQLState("XX000")].contains(state)
    }

    private func passed(_ answer: TrialScript.Answer) -> Outcome {
        // The role's settings come before the role itself.
        let roleLines = answer.succeeded.filter {
            if case .role = $0.purpose { true } else { false }
        }
        guard roleLines.last?.firstRow.last == frame.effective.name else {
            return .stopped("the role was not really switched", nil)
        }
        for (purpose, affected, _) in answer.succeeded {
            if case .statement = purpose, affected != 1 {
                return .stopped("the insert succeeded without its row", nil)
            }
        }
        return .passed
    }

    /// What the server missed, from the function that refused and the catalog.
    private func lacking(_ error: ServerError, _ remedies: [Remedy]) -> MissingPrivilege {
        let user = context.access.principal(frame.effective.oid)
        let isOpened = remedies.contains { if case .schema = $0 { true } else { false } }
        let isClosed = !isOpened && !context.access.has(user, .usage, on: schema)
        let (privilege, object): (Privilege, ObjectName) =
            if error.sourceFunction == "nextval_internal" {
                (.usage, ObjectName(kind: .sequence, schema: schema.name, name: "*"))
            } else if isClosed {
                (.usage, ObjectName(kind: .schema, schema: nil, name: schema.name))
            } else {
                (.insert, ObjectName(kind: .table, schema: schema.name, name: "*"))
            }
        return MissingPrivilege(
            privilege: privilege.rawValue,
            object: object,
            grantee: frame.effective.name
        )
    }

    /// The table's name, the same from run to run, that no relation of the schema has.
    private var freeName: String {
        var name = "pgsmoke_future"
        let taken = Set(
            context.snapshot.orderedRelations.filter { $0.schemaOID == schema.oid }.map(\.name)
        )
        while taken.contains(name) { name += "_" }
        return name
    }

    private func script(_ remedies: [Remedy]) throws(PostgresError) -> TrialScript {
        var script = TrialScript()
        let limits = TimeLimits(lock: Rehearsal.patience, statement: 1_000)
        script.add(context.opening(frame.isolation, within: limits))
        // Two runs that make the same table would wait for each other.
        script.add(Rehearsal.gate, for: .gate)
        let maker = try connection.quoted(identifier: creator.name)
        for (index, remedy) in remedies.enumerated() {
            switch remedy {
            case .schema(let grant):
                script.add(try grant.lines(with: connection), for: .grant(index))
            case .defaults(let objects):
                let sql = try statement(objects) { (name) throws(PostgresError) in
                    try connection.quoted(identifier: name)
                }
                script.add(
                    ["SET LOCAL ROLE \(maker)", sql, "SET LOCAL ROLE NONE"],
                    for: .grant(index)
                )
            }
        }
        let table = try connection.quoted(identifier: freeName, in: schema.name)
        script.add(
            [
                "SET LOCAL ROLE \(maker)",
                "CREATE TABLE \(table) (id serial, number integer GENERATED BY DEFAULT AS IDENTITY, "
                    + "plain pg_catalog.text)",
                "SET LOCAL ROLE NONE",
            ],
            for: .scaffold(0)
        )
        script.add(try frame.lines(with: connection), for: .role(0))
        script.add("INSERT INTO \(table) (plain) VALUES ('pgsmoke')", for: .statement(0))
        script.add("SET CONSTRAINTS ALL IMMEDIATE", for: .force(0))
        script.add("ROLLBACK")
        if !remedies.isEmpty { Rehearsal.bound(&script) }
        return script
    }

    /// The default privileges that the creator must set, with names quoted by `quote`.
    func statement<Failure>(
        _ objects: DefaultPrivileges.Objects,
        quotedBy quote: (String) throws(Failure) -> String
    ) throws(Failure) -> String {
        let what = objects == .sequences ? "USAGE ON SEQUENCES" : "INSERT ON TABLES"
        return "ALTER DEFAULT PRIVILEGES FOR ROLE \(try quote(creator.name)) IN SCHEMA "
            + "\(try quote(schema.name)) GRANT \(what) TO \(try quote(frame.effective.name))"
    }
}
