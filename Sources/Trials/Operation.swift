/// What a trial asks of the server, in the words of the case names.
package enum Operation: String, Sendable, Hashable, Codable {
    case insert
    /// Becoming the role, without which nothing of it can be tried.
    case setRole = "set-role"
    /// Reaching the database at all.
    case connect
    /// A rule of `lint`, which is looked up in the catalog and not tried.
    case lint
}

/// What a role must, or must not, be able to do.
package enum Expectation: String, Sendable, Hashable, Codable {
    case allowed
    case denied
}
