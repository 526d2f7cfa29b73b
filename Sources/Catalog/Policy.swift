internal import Postgres

/// A row-security policy (`pg_policy`).
package struct Policy: Sendable, Hashable, CatalogRow {
    package let relation: OID
    package let name: String
    /// The statements that it is there for.
    package let command: Command
    package let isPermissive: Bool
    /// The roles that it is for; 0 stands for PUBLIC.
    package let roles: [OID]
    /// What a new row must satisfy, as the server deparses it.
    package let check: String?
    /// What a row that is there must satisfy to be seen.
    package let using: String?

    package enum Command: String, Sendable, Hashable {
        case all = "*"
        case select = "r"
        case insert = "a"
        case update = "w"
        case delete = "d"
    }

    /// Whether it is there for the statement (or for ALL).
    package func applies(to command: Command) -> Bool {
        self.command == .all || self.command == command
    }

    /// Whether it is there for INSERT (or ALL).
    package var appliesToInsert: Bool { applies(to: .insert) }

    /// What the policy asks of a row for the statement to see or write it; empty if it is not there for
    /// it.
    package func conditions(for command: Command) -> [String] {
        guard applies(to: command) else { return [] }
        switch command {
        case .insert: return [check].compactMap(\.self)
        case .select, .delete: return [using].compactMap(\.self)
        case .update, .all: return expressions
        }
    }

    /// The conditions, each once.
    package var expressions: [String] {
        [check, using == check ? nil : using].compactMap(\.self)
    }

    static func query(on version: Int) -> String {
        """
        \(Relation.locked)
        SELECT p.polrelid, p.polname, p.polcmd, p.polpermissive,
               array_to_string(p.polroles, ' '),
               CASE WHEN p.polrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) END,
               CASE WHEN p.polrelid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(p.polqual, p.polrelid) END
          FROM pg_policy p
         ORDER BY p.polrelid, p.polname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        name = rows.string(row, 1)
        command = Command(rawValue: rows.string(row, 2)) ?? .all
        isPermissive = rows.isTrue(row, 3)
        roles = rows.integers(row, 4).map { OID($0) }
        check = rows.text(row, 5)
        using = rows.text(row, 6)
    }
}
