/// What a trial asks of the server, in the words of the case names.
package enum Operation: String, Sendable, Hashable, Codable, CaseIterable {
    case select
    case insert
    case insertReturning = "insert-returning"
    case upsert
    case merge
    case copy
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
    /// Reaching the database at all.
    case connect
    /// A rule of `lint`, which is looked up in the catalog and not tried.
    case lint

    /// Those that a role can be expected to be able to do, or not to do.
    package static let declarable = allCases.filter {
        ![.setRole, .connect, .lint, .future].contains($0)
    }

    /// Whether this version can try it.
    package var isCarriedOut: Bool { self == .insert }
}

/// What a role must, or must not, be able to do.
package enum Expectation: String, Sendable, Hashable, Codable {
    case allowed
    case denied
}
