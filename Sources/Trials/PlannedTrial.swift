/// The statements of the attempt that decided a case, for `pgsmoke plan`.
package struct PlannedTrial: Sendable, Hashable {
    package var name: String
    /// In the order in which they were sent, each with its semicolon, up to the one whose SQLSTATE
    /// decided; empty if nothing was.
    package var statements: [String]
    /// One line each: where the row's values came from, or why nothing was sent.
    package var remarks: [String]

    package init(name: String, statements: [String] = [], remarks: [String] = []) {
        self.name = name
        self.statements = statements
        self.remarks = remarks
    }
}
