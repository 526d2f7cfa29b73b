internal import CLibPQ

/// What the server makes of a statement that it has read and not carried out.
package struct StatementDescription: Sendable, Hashable {
    /// How many `$1`, `$2`… it holds.
    package let parameters: Int
    /// How many columns its result would have.
    package let columns: Int
}

extension Connection {
    /// Has the server read exactly one statement, by the extended protocol, without running it.
    ///
    /// The statement goes by no name, so that it ends with the transaction that it belongs into: a
    /// pooler that gives each transaction another server needs no more.
    /// - Throws: `server` if it is not one statement that the server can read; `connectionLost`.
    package func prepare(_ sql: String) throws(PostgresError) {
        try rollBackNow()
        let prepared = unsafe withHandle { unsafe PQprepare($0, "", sql, 0, nil) }
        guard let prepared = unsafe prepared else { throw lastFailure() }
        _ = try unsafe checked(prepared)
    }

    /// Prepares a statement and asks what it takes and would return.
    ///
    /// - Throws: as `prepare`.
    package func describe(_ sql: String) throws(PostgresError) -> StatementDescription {
        try prepare(sql)
        let described = unsafe withHandle { unsafe PQdescribePrepared($0, "") }
        guard let described = unsafe described else { throw lastFailure() }
        let description = StatementDescription(
            parameters: Int(unsafe PQnparams(described)),
            columns: Int(unsafe PQnfields(described))
        )
        _ = try unsafe checked(described)
        return description
    }
}
