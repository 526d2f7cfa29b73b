package import Catalog
package import Postgres
internal import Trials

/// Lets the server read what the user has declared, without carrying any of it out.
///
/// All of it happens in transactions that are rolled back.
package struct DeclarationCheck {
    private let snapshot: Snapshot
    private let declarations: Declarations
    private let options: EngineOptions
    private let connection: Connection

    package init(
        _ declarations: Declarations,
        in snapshot: Snapshot,
        options: EngineOptions,
        over connection: Connection
    ) {
        self.snapshot = snapshot
        self.declarations = declarations
        self.options = options
        self.connection = connection
    }

    /// A parameter that the server refuses, whoever sets it.
    package struct UnusableParameter: Sendable {
        package let role: String
        package let name: String
        package let error: ServerError
        /// The names that a session can set; empty unless the name is the mistake.
        package let known: [String]
    }

    /// Finds the first parameter, by role and name, that no session could set to its value.
    ///
    /// - Throws: `connectionLost`.
    package func unusableParameter() throws(PostgresError) -> UnusableParameter? {
        for (role, parameters) in declarations.parameters.sorted {
            for parameter in parameters {
                let call = try RoleFrame.Setting(name: parameter.name, value: parameter.value)
                    .call(with: connection)
                let results = try connection.exchange(["BEGIN", "SELECT \(call)", "ROLLBACK"])
                guard case .failed(let error) = results.last else { continue }
                try connection.execute("ROLLBACK")
                // Reserved to superusers: that is told when the role is tried.
                if error.sqlState == .insufficientPrivilege { continue }
                return UnusableParameter(
                    role: role,
                    name: parameter.name,
                    error: error,
                    known: error.sqlState == .undefinedObject ? try parameterNames() : []
                )
            }
        }
        return nil
    }

    private func parameterNames() throws(PostgresError) -> [String] {
        try connection.execute(
            "SELECT name FROM pg_catalog.pg_settings WHERE context IN ('user', 'superuser')"
        ).compactMap { $0[0] }
    }

    /// An expression that cannot stand where a value of its column must.
    package struct UnusableValue: Sendable {
        package let relation: OID
        package let column: Int
        package let reason: Reason
    }

    package enum Reason: Sendable {
        case refused(ServerError)
        /// It holds `$1`, for which there is no value.
        case hasParameters
        /// It breaks out of its parentheses.
        case isNotOneValue
    }

    /// Finds the first expression, by relation and column, that is not one value of its column.
    ///
    /// Names in it are looked up as each of the roles would, and as the connecting role: it passes if
    /// one of them can read it.
    /// - Throws: `connectionLost`.
    package func unusableValue(for roles: [String]) throws(PostgresError) -> UnusableValue? {
        let frames = try frames(for: roles)
        for (relation, values) in declarations.values.sorted(by: { $0.key < $1.key }) {
            for (column, value) in values.sorted(by: { $0.key < $1.key }) {
                guard let place = try Place(relation, column, snapshot, connection) else {
                    continue
                }
                if let reason = try reason(against: value.expression, at: place, under: frames) {
                    return UnusableValue(relation: relation, column: column, reason: reason)
                }
            }
        }
        return nil
    }

    /// A column as an INSERT names it.
    private struct Place {
        let table: String
        let column: String

        init?(
            _ relation: OID,
            _ column: Int,
            _ snapshot: Snapshot,
            _ connection: Connection
        ) throws(PostgresError) {
            guard let relation = snapshot.relations[relation],
                let column = snapshot.columns[relation.oid]?.first(where: { $0.number == column })
            else { return nil }
            let schema = try connection.quoted(identifier: relation.schema)
            table = "\(schema).\(try connection.quoted(identifier: relation.name))"
            self.column = try connection.quoted(identifier: column.name)
        }
    }

    /// The statements that open a transaction with each search path that a role may have, under the
    /// connecting role and under the role itself.
    private func frames(for roles: [String]) throws(PostgresError) -> [[String]] {
        let opening = [
            "BEGIN",
            """
            SELECT pg_catalog.set_config('lock_timeout', '2s', true),
                   pg_catalog.set_config('statement_timeout', '10s', true)
            """,
        ]
        var frames: [[String]] = []
        for name in roles {
            guard let role = snapshot.rolesByName[name] else { continue }
            let frame = RoleFrame(
                for: role,
                in: snapshot,
                options: options,
                configured: [:],
                declared: declarations.parameters[name] ?? []
            )
            var path: [String] = []
            if let setting = frame.settings.first(where: { $0.name == "search_path" }) {
                path = ["SELECT \(try setting.call(with: connection))"]
            }
            let switching = RoleFrame.Setting(name: "role", value: frame.effective.name)
            let become = "SELECT \(try switching.call(with: connection))"
            for lines in [opening + path, opening + path + [become]] where !frames.contains(lines) {
                frames.append(lines)
            }
        }
        return frames.isEmpty ? [opening] : frames
    }

    private func reason(
        against expression: String,
        at place: Place,
        under frames: [[String]]
    ) throws(PostgresError) -> Reason? {
        var refusals: [ServerError] = []
        var isReadable = false
        for frame in frames {
            switch try reading(of: expression, at: place, under: frame) {
            case nil: continue
            case .value: return nil
            case .unknown: isReadable = true
            case .broken(let reason): return reason
            case .refused(let error): refusals.append(error)
            }
        }
        // A name that one role does not find may be there for one that could not read all of it.
        let refusal = isReadable ? refusals.first { !$0.isAboutNames } : refusals.first
        return refusal.map { .refused($0) }
    }

    private enum Reading {
        case value
        /// Well-formed, but the server does not say whether it fits: it lets this role see too little,
        /// or somebody holds the table.
        case unknown
        case refused(ServerError)
        /// Never to be pasted anywhere.
        case broken(Reason)
    }

    /// Reads the expression in frames out of which no text can break at once.
    ///
    /// What closes the parenthesis too early has to go on as a list in one frame, as a condition in
    /// another and as a row of VALUES in the third; only an operator does, and that makes it one
    /// value again. The line breaks end a comment. Returns `nil` if the transaction cannot be opened.
    private func reading(
        of expression: String,
        at place: Place,
        under frame: [String]
    ) throws(PostgresError) -> Reading? {
        let statements = [
            "SELECT (\n\(expression)\n)", "VALUES ((\n\(expression)\n))",
            "SELECT WHERE (\n\(expression)\n) IS NULL",
            "INSERT INTO \(place.table) (\(place.column)) VALUES ((\n\(expression)\n))",
        ]
        var isOpen = false
        var isUnknown = false
        var refusal: ServerError?
        for (index, statement) in statements.enumerated() {
            if !isOpen {
                let results = try connection.exchange(frame)
                if case .failed = results.last {
                    try connection.execute("ROLLBACK")
                    return nil
                }
                isOpen = true
            }
            do throws(PostgresError) {
                let description = try connection.describe(statement)
                guard description.parameters == 0, index != 0 || description.columns == 1 else {
                    try connection.execute("ROLLBACK")
                    return .broken(description.parameters > 0 ? .hasParameters : .isNotOneValue)
                }
            } catch {
                guard case .server(let answer) = error else { throw error }
                try connection.execute("ROLLBACK")
                isOpen = false
                switch answer.sqlState.code {
                case "42601": return .broken(.refused(answer))
                case "42501", "55P03", "57014": isUnknown = true
                default: refusal = refusal ?? answer
                }
            }
        }
        if isOpen { try connection.execute("ROLLBACK") }
        if let refusal { return .refused(refusal) }
        return isUnknown ? .unknown : .value
    }
}

extension ServerError {
    /// Whether something was not found along the search path.
    fileprivate var isAboutNames: Bool {
        [
            .undefinedColumn, .undefinedTable, .undefinedFunction, .undefinedObject,
            .invalidSchemaName,
        ]
        .contains(sqlState)
    }
}
