package import Catalog
package import Postgres
internal import Trials

extension DeclarationCheck {
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
            var places: [(column: Int, frames: ExpressionFrames)] = []
            for (column, value) in values.sorted(by: { $0.key < $1.key }) {
                if let frames = try ExpressionFrames(
                    value.expression,
                    for: column,
                    of: relation,
                    in: snapshot,
                    with: connection
                ) {
                    places.append((column, frames))
                }
            }
            if try fit(places.map(\.frames), under: frames[0]) { continue }
            for (column, expression) in places {
                if let reason = try reason(against: expression, under: frames) {
                    return UnusableValue(relation: relation, column: column, reason: reason)
                }
            }
        }
        return nil
    }

    /// Whether all of a table's expressions can be read at the first go, in one transaction.
    private func fit(
        _ expressions: [ExpressionFrames],
        under frame: [String]
    ) throws(PostgresError) -> Bool {
        let results = try connection.exchange(frame)
        if case .failed = results.last {
            try connection.execute("ROLLBACK")
            return false
        }
        var isFitting = true
        for expression in expressions where isFitting {
            for statement in expression.statements where isFitting {
                isFitting = try complaint(about: statement, of: expression) == nil
            }
        }
        try connection.execute("ROLLBACK")
        return isFitting
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
        against expression: ExpressionFrames,
        under frames: [[String]]
    ) throws(PostgresError) -> Reason? {
        var refusals: [ServerError] = []
        var isReadable = false
        for frame in frames {
            switch try reading(of: expression, under: frame) {
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

    /// Reads the expression in all its frames; `nil` if the transaction cannot be opened.
    private func reading(
        of expression: ExpressionFrames,
        under frame: [String]
    ) throws(PostgresError) -> Reading? {
        var isUnknown = false
        var refusal: ServerError?
        for statement in expression.statements {
            if !connection.isInTransaction, case .failed = try connection.exchange(frame).last {
                try connection.execute("ROLLBACK")
                return nil
            }
            guard let reason = try complaint(about: statement, of: expression) else { continue }
            try connection.execute("ROLLBACK")
            guard case .refused(let error) = reason else { return .broken(reason) }
            switch error.sqlState.code {
            case "42601": return .broken(reason)
            case "42501", "55P03", "57014": isUnknown = true
            default: refusal = refusal ?? error
            }
        }
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        if let refusal { return .refused(refusal) }
        return isUnknown ? .unknown : .value
    }

    /// What the server has against one of the statements.
    private func complaint(
        about statement: String,
        of expression: ExpressionFrames
    ) throws(PostgresError) -> Reason? {
        do throws(PostgresError) {
            guard statement == expression.query else {
                try connection.prepare(statement)
                return nil
            }
            let description = try connection.describe(statement)
            if description.parameters > 0 { return .hasParameters }
            return description.columns == 1 ? nil : .isNotOneValue
        } catch {
            guard case .server(let answer) = error else { throw error }
            return .refused(answer)
        }
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
