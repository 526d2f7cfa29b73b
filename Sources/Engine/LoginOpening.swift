internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// Opens the connection of a role that logs in for its trials, and makes sure of where it leads.
struct LoginOpening {
    let context: RunContext
    let role: Role
    let target: ConnectionTarget
    /// The session that read the catalog.
    let home: SessionFacts

    /// A login under which trials can run, or the case that says why there is none.
    enum Result {
        case ready(Connection, RoleFrame)
        case failed(Record)
    }

    /// Logs in; `count` tells how many connections a role has open, for what its limit says.
    func result(countingOf count: (Role) -> Int) -> Result {
        do throws(PostgresError) {
            let connection = try Connection(to: target)
            context.backends.insert(connection.backendPID)
            context.stop.register(connection.canceller())
            let session = try SessionFacts(over: connection)
            if let fault = fault(in: session) { return .failed(record(fault)) }
            var login = LoginSettings(of: session)
            let declared = context.declarations.parameters[role.name] ?? []
            login.override(with: declared)
            var frame = RoleFrame(
                for: role,
                in: context.snapshot,
                options: context.options,
                login: login,
                declared: declared
            )
            frame.login = session.sessionUser
            let preflight = Preflight(
                snapshot: context.snapshot,
                options: context.options,
                connection: connection
            )
            guard case .ready(let checked) = try preflight.check(frame) else {
                return .failed(record("the login cannot become the role that its settings name"))
            }
            return .ready(connection, checked)
        } catch {
            return .failed(record(of: error, countingOf: count))
        }
    }

    /// What makes the session another one than is meant.
    ///
    /// A login by another name is the role's if its settings turn it into the role (`ALTER ROLE … SET
    /// role`), and the role's own login may be turned into an owner in the same way.
    private func fault(in session: SessionFacts) -> String? {
        let database = Identifier.displayed(context.snapshot.server.database)
        if session.serverStart != home.serverStart {
            return
                "\(target.origin) leads to another server than the one under trial; name its host "
                + "and port, or leave them out"
        }
        if session.database != home.database {
            return "\(target.origin) leads to another database than \(database); name that one, or "
                + "none"
        }
        let users = [session.sessionUser, session.currentUser]
        guard !users.contains(where: { $0.utf8.elementsEqual(role.name.utf8) }) else { return nil }
        let name = Identifier.displayed(role.name)
        return
            "\(target.origin) logs in as \(Identifier.displayed(session.sessionUser)) and not as "
            + "\(name); give \(name) as its user, or put the role that logs in under 'roles'"
    }

    private func record(
        of error: PostgresError,
        countingOf count: (Role) -> Int
    ) -> Record {
        switch error {
        case .connectionFailed(let message, let needsPassword):
            if needsPassword {
                return record(
                    "no password was given for it; write password=${NAME} into 'connect', or put it "
                        + "into ~/.pgpass",
                    message
                )
            }
            return refused(message, countingOf: count)
        case .server(let error): return record("its session cannot be used", error.message)
        case .connectionLost(let message):
            return record("its connection was lost before the first trial", message)
        case .invalidConnectionString(let text): return record(text)
        case .outOfMemory: return record("out of memory")
        }
    }

    /// libpq gives no SQLSTATE of a connection that failed, so the catalog is asked for reasons.
    private func refused(_ message: String, countingOf count: (Role) -> Int) -> Record {
        guard target.isServerUp() else {
            return record("no server answers where \(target.origin) leads", message)
        }
        let name = target.user ?? role.name
        guard let user = context.snapshot.rolesByName[name] else {
            return record("there is no role \(Identifier.displayed(name)) to log in as", message)
        }
        let connections = user.connectionLimit > 0 ? count(user) : 0
        let obstacles = context.access.loginObstacles(to: user, connections: connections)
        guard !obstacles.isEmpty else {
            return record(
                "it was not let in, and the catalog shows no reason: see its password, pg_hba.conf, "
                    + "and the host and database of \(target.origin)",
                message
            )
        }
        let list = obstacles.map(\.text).joined(separator: "; ")
        let who = user.oid == role.oid ? "" : "\(Identifier.displayed(name)) cannot log in: "
        var record = record(who + list, message)
        record.missing = obstacles.compactMap(\.missing)
        record.cure = obstacles.map(\.cure)
        return record
    }

    private func record(_ reason: String, _ message: String? = nil) -> Record {
        Record(
            trial: Trial(
                role: role.name,
                operation: .connect,
                object: ObjectName(kind: .role, schema: nil, name: role.name)
            ),
            verdict: .error,
            reason: reason + "; none of the role's trials was carried out",
            problem: .noConnection,
            message: message
        )
    }
}
