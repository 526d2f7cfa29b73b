package import Catalog
package import Postgres
internal import Trials

/// Lets the server read what the user has declared, without carrying any of it out.
///
/// All of it happens in transactions that are rolled back.
package struct DeclarationCheck {
    let snapshot: Snapshot
    let declarations: Declarations
    let options: EngineOptions
    let connection: Connection

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
}
