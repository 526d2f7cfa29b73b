/// The `connect` of a role: where it logs in for its trials, environment variables not yet looked up.
package struct ConnectEntry: Sendable, Hashable {
    /// The line of the key.
    package let line: Int
    private let source: Source

    private enum Source: Sendable, Hashable {
        /// A URI or conninfo string, with variables in it or named by one.
        case text(String)
        case parameters(ConnectionEntry)
    }

    init(_ parameters: ConnectionEntry, line: Int) {
        self.line = line
        source = .parameters(parameters)
    }

    /// Takes a text up, once it is known to hold no secret and no broken variable.
    ///
    /// A bare word is the name of a variable that holds the whole.
    /// - Throws: a sentence.
    init(_ text: String, line: Int) throws(ConnectionEntry.Complaint) {
        self.line = line
        let text = VariableText.isName(text) ? "${\(text)}" : text
        guard let pieces = try? VariableText(text) else {
            // The piece that cannot be read could be one of a password.
            throw ConnectionEntry.Complaint("'connect' holds a $ that starts no ${NAME}")
        }
        guard !pieces.holdsPassword else {
            throw ConnectionEntry.Complaint(
                "the password in 'connect' does not belong in the file; write ${NAME} for an "
                    + "environment variable in its place, or use ~/.pgpass"
            )
        }
        guard pieces.constant == nil || text.contains("=") || text.contains("://") else {
            throw ConnectionEntry.Complaint(
                "'connect' is neither a connection string, such as \"host=db.internal dbname=shop\", "
                    + "nor the name of an environment variable that holds one"
            )
        }
        source = .text(text)
    }

    /// Returns libpq's parameters with their variables looked up, a connection string as the database.
    ///
    /// `nil` if the variable's own default leaves the role without a login. The environment's `PG…` variables are the other connection's and do not come before it.
    /// - Throws: `SettingsError` for a variable that is not set, or is empty.
    package func resolved(
        for file: SettingsFile,
        environment: [String: String]
    ) throws(SettingsError) -> [String: String]? {
        switch source {
        case .parameters(let entry):
            return try entry.values(for: file, environment: environment) { _ in true }
        case .text(let text):
            let pieces = try? VariableText(text)
            guard let value = pieces?.value(in: environment) else {
                let name = pieces?.missingVariable(in: environment) ?? ""
                throw file.error(
                    line,
                    "the environment variable \(name) of 'connect' is not set or empty; set it, or "
                        + "write ${\(name):-} to have the role tried by SET ROLE then"
                )
            }
            return value.allSatisfy(\.isWhitespace) ? nil : ["dbname": value]
        }
    }
}
