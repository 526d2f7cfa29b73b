internal import Trials

/// What `pgsmoke.yml` says: a plain value, not yet held against any database.
package struct SettingsFile: Sendable, Hashable {
    /// The file as the user knows it.
    package let path: String
    /// Patterns of the schemas to take; empty for all.
    package var schemas: [Placed<String>] = []
    /// Patterns of the tables to leave.
    package var exclude: [Placed<String>] = []
    package var roles: [RoleEntry] = []
    package var profiles: [Profile] = []
    package var tables: [TableEntry] = []
    package var functions: [FunctionEntry] = []
    package var connection = ConnectionEntry()
    /// The codes of lint findings that nobody wants to see.
    package var disabledLints: [Placed<String>] = []

    package init(path: String) { self.path = path }

    /// Makes an error of this file.
    package func error(_ line: Int?, _ sentence: String) -> SettingsError {
        SettingsError(file: path, line: line, sentence)
    }

    /// The roles that the file speaks of, whether under `roles` or under `tables`, in its order.
    package var roleNames: [Placed<String>] {
        var known = ExactNames<Bool>()
        let all = roles.map(\.name) + tables.flatMap { $0.rules.map(\.role) }
        return all.filter { name in
            defer { known[name.value] = true }
            return known[name.value] == nil
        }
    }
}

/// An entry under `roles`.
package struct RoleEntry: Sendable, Hashable {
    package let name: Placed<String>
    package var rules = OperationRules()
    /// Parameters that the role's sessions have, by name, on top of its own.
    package var settings: [ParameterEntry] = []
    /// Whether the tables of the next migration are tried for it; `nil` if its profile decides that.
    package var future: Bool?
    /// A connection of the role's own; without it, its trials are carried out by SET ROLE.
    package var connect: ConnectEntry?
}

/// A parameter under a role's `settings`.
package struct ParameterEntry: Sendable, Hashable {
    package let name: Placed<String>
    package let value: String
}

/// An entry under `tables`.
package struct TableEntry: Sendable, Hashable {
    /// A name or a pattern, in pg_dump's language.
    package let pattern: Placed<String>
    package var values: [ValueEntry] = []
    package var rules: [Rule] = []

    /// What the entry says of one role.
    package struct Rule: Sendable, Hashable {
        package let role: Placed<String>
        package var rules: OperationRules
    }
}

/// An entry under `functions`.
package struct FunctionEntry: Sendable, Hashable {
    /// As case names write it, `billing.close_month(date)`; without arguments, one of that name.
    package let name: Placed<String>
    /// The call, `billing.close_month('2024-01-31')`.
    package let call: Placed<String>
}

/// An SQL expression for a column.
package struct ValueEntry: Sendable, Hashable {
    package let column: Placed<String>
    package let expression: Placed<String>
}
