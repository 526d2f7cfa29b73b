/// What a trial asks of the server, in the words of the case names.
package enum Operation: String, Sendable, Hashable, Codable {
    case insert
    /// An insert into a table as the next migration would make it.
    case future
    /// Becoming the role, without which nothing of it can be tried.
    case setRole = "set-role"
    /// Reaching the database at all.
    case connect
}

/// What a role must, or must not, be able to do.
package enum Expectation: String, Sendable, Hashable, Codable {
    case allowed
    case denied
}
