package import Trials

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

extension Privilege {
    /// All of them in the order in which the server writes their letters.
    static let byLetter: [Privilege] = [
        .insert, .select, .update, .delete, .truncate, .references, .trigger, .execute, .usage,
        .create, .temporary, .connect, .set, .alterSystem, .maintain,
    ]

    /// What can be granted on an object of the kind, in the manual's order; empty where nothing can.
    ///
    /// MAINTAIN exists from 17, privileges on parameters from 15.
    package static func all(on kind: ObjectKind, version: Int) -> [Privilege] {
        switch kind {
        case .table, .partitionedTable, .view, .materializedView, .foreignTable:
            [.select, .insert, .update, .delete, .truncate, .references, .trigger]
                + (version >= 170_000 ? [.maintain] : [])
        case .column: [.select, .insert, .update, .references]
        case .sequence: [.usage, .select, .update]
        case .database: [.create, .connect, .temporary]
        case .schema: [.create, .usage]
        case .function, .procedure: [.execute]
        case .type, .domain, .language, .foreignDataWrapper, .foreignServer: [.usage]
        case .tablespace: [.create]
        case .largeObject: [.select, .update]
        case .parameter: version >= 150_000 ? [.set, .alterSystem] : []
        case .role: []
        }
    }

    /// Reads a privilege in the words of GRANT, or as the letter of an ACL.
    package init?(_ text: String) {
        if text.count == 1, let letter = text.first, let privilege = Self(letter: letter) {
            self = privilege
            return
        }
        let words = text.uppercased().split { " _-".contains($0) }.joined(separator: " ")
        guard let privilege = Self(rawValue: words == "TEMP" ? "TEMPORARY" : words) else {
            return nil
        }
        self = privilege
    }
}

extension ObjectKind {
    /// Whether privileges on single columns can be granted.
    package var hasColumns: Bool {
        switch self {
        case .table, .partitionedTable, .view, .materializedView, .foreignTable: true
        default: false
        }
    }
}
