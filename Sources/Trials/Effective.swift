/// Whether a role has a privilege, in the words of `matrix`.
package enum Effective: String, Sendable, Hashable, Codable {
    case yes
    case no
    /// Only after SET ROLE to another role.
    case setRole = "set-role"
    /// Not on the whole relation, but on a column of it.
    case columns
}

/// What one role may do with one object, one cell a privilege.
package struct MatrixRow: Sendable, Hashable {
    package struct Cell: Sendable, Hashable {
        package var privilege: String
        package var effective: Effective

        package init(privilege: String, effective: Effective) {
            self.privilege = privilege
            self.effective = effective
        }
    }

    package var role: String
    package var kind: ObjectKind
    /// As case names write it; a column stands behind its relation and a dot.
    package var object: String
    package var cells: [Cell]

    package init(role: String, kind: ObjectKind, object: String, cells: [Cell]) {
        self.role = role
        self.kind = kind
        self.object = object
        self.cells = cells
    }
}
