/// What a trial asks of the server, in the words of the case names.
package enum Operation: String, Sendable, Hashable, Codable, CaseIterable {
    case insert
    case insertReturning = "insert-returning"
    case upsert
    case merge
    case copy
    case select
    case update
    case delete
    case selectForUpdate = "select-for-update"
    case nextval
    case currval
    case setval
    case execute
    case truncate
    case references
    case trigger
    case maintain
    case drop
    case create
    /// An insert into a table as the next migration would make it.
    case future
    /// Becoming the role, without which nothing of it can be tried.
    case setRole = "set-role"
    /// Reaching the database at all, or as a role that logs in for its trials.
    case connect
    /// A rule of `lint`, which is looked up in the catalog and not tried.
    case lint

    /// Those that a role can be expected to be able to do, or not to do.
    package static let declarable = allCases.filter {
        ![.setRole, .connect, .lint, .future].contains($0)
    }

    /// Whether it is looked up in the catalog, since to try it would lock or damage.
    package var isDecidedByCatalog: Bool {
        switch self {
        case .setval, .execute, .truncate, .references, .trigger, .maintain, .drop, .create: true
        default: false
        }
    }

    /// Whether it brings a row of its own into the relation.
    package var bringsRow: Bool {
        switch self {
        case .insert, .insertReturning, .upsert, .merge, .copy: true
        default: false
        }
    }

    /// Whether it works on a row that is there.
    package var needsRow: Bool {
        switch self {
        case .select, .update, .delete, .selectForUpdate: true
        default: false
        }
    }

    /// What it does, as a verb for sentences: `no application can …`.
    package var verb: String {
        switch self {
        case .insert, .insertReturning, .upsert, .merge, .copy: "insert"
        case .select, .selectForUpdate: "read rows"
        case .update: "update rows"
        case .delete: "delete rows"
        default: "do it"
        }
    }

    /// The statement as a noun: `the insert`.
    package var noun: String {
        switch self {
        case .insert, .insertReturning: "insert"
        case .select, .selectForUpdate: "query"
        default: rawValue
        }
    }
}

/// What a role must, or must not, be able to do.
package enum Expectation: String, Sendable, Hashable, Codable {
    case allowed
    case denied
}
