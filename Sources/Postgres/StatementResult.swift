/// What one statement of a string of statements came to.
package enum StatementResult: Sendable, Hashable {
    /// It succeeded; `affected` rows where the command counts them, and the first row it returned.
    case succeeded(affected: Int?, firstRow: [String?])
    case failed(ServerError)
}
