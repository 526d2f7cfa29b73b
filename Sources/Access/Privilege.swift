/// A privilege that can be granted (PostgreSQL manual, 5.8, table 5.1).
package enum Privilege: String, Sendable, Hashable, CaseIterable {
    case select = "SELECT"
    case insert = "INSERT"
    case update = "UPDATE"
    case delete = "DELETE"
    case truncate = "TRUNCATE"
    case references = "REFERENCES"
    case trigger = "TRIGGER"
    case maintain = "MAINTAIN"
    case usage = "USAGE"
    case create = "CREATE"
    case connect = "CONNECT"
    case temporary = "TEMPORARY"
    case execute = "EXECUTE"
    case set = "SET"
    case alterSystem = "ALTER SYSTEM"

    /// The letter that stands for the privilege in an ACL.
    package var letter: Character {
        switch self {
        case .select: "r"
        case .insert: "a"
        case .update: "w"
        case .delete: "d"
        case .truncate: "D"
        case .references: "x"
        case .trigger: "t"
        case .maintain: "m"
        case .usage: "U"
        case .create: "C"
        case .connect: "c"
        case .temporary: "T"
        case .execute: "X"
        case .set: "s"
        case .alterSystem: "A"
        }
    }

    init?(letter: Character) {
        guard let privilege = Self.allCases.first(where: { $0.letter == letter }) else {
            return nil
        }
        self = privilege
    }
}
