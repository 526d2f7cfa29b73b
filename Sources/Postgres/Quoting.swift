internal import CLibPQ

extension Connection {
    /// Quotes an object's name with that of its schema.
    ///
    /// - Throws: as for the names alone.
    package func quoted(
        identifier name: String,
        in schema: String
    ) throws(PostgresError) -> String {
        "\(try quoted(identifier: schema)).\(try quoted(identifier: name))"
    }

    /// Returns the name as an identifier that the server reads back unchanged, always in quotes.
    package func quoted(identifier: String) throws(PostgresError) -> String {
        try unsafe escaped(identifier, by: PQescapeIdentifier)
    }

    /// Returns the text as a string literal that the server reads back unchanged.
    package func quoted(literal: String) throws(PostgresError) -> String {
        try unsafe escaped(literal, by: PQescapeLiteral)
    }

    private func escaped(
        _ text: String,
        by escape: (OpaquePointer?, UnsafePointer<CChar>?, Int) -> UnsafeMutablePointer<CChar>?
    ) throws(PostgresError) -> String {
        let result = unsafe text.withCString { start in
            unsafe withHandle { raw -> String? in
                guard let quoted = unsafe escape(raw, start, text.utf8.count) else { return nil }
                defer { unsafe PQfreemem(quoted) }
                return unsafe String(cString: quoted)
            }
        }
        guard let result else { throw lastFailure() }
        return result
    }
}
