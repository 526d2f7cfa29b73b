package import Catalog
package import Postgres
package import Trials

/// What the user has said of roles and rows beyond what the catalog knows.
package struct Declarations: Sendable {
    /// An SQL expression for a column; it is pasted only after `DeclarationCheck` has let it pass.
    package struct Value: Sendable, Hashable {
        package let expression: String
        /// Where the user has written it, `pgsmoke.yml:12`.
        package let place: String

        package init(expression: String, place: String) {
            self.expression = expression
            self.place = place
        }
    }

    /// A parameter of a role's sessions.
    package struct Parameter: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Parameters by role, on top of the role's own.
    package var parameters: ExactNames<[Parameter]>
    /// Calls of routines, by routine.
    package var calls: [OID: Value] = [:]
    /// Expressions by relation and column number.
    package var values: [OID: [Int: Value]]
    /// Where roles log in for their trials; those of the others are carried out by SET ROLE.
    package var logins: ExactNames<ConnectionTarget> = [:]

    /// The foreign tables that trials may touch: what is done there cannot always be undone.
    package var foreignTables: Set<OID> = []

    package init(
        parameters: ExactNames<[Parameter]> = [:],
        values: [OID: [Int: Value]] = [:]
    ) {
        self.parameters = parameters
        self.values = values
    }
}
