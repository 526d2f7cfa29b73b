package import Postgres

/// How an attempt at a row ended that another row might not.
package enum Failure: Sendable {
    /// The server refused the row, or what it left deferred.
    case row(ServerError)
    /// The server refused a row of the scaffold, by its place.
    case scaffold(Int, ServerError)
    /// A trigger or rule swallowed the row.
    case swallowed
    /// Row security hid the row that was there.
    case filtered

    var error: ServerError? {
        switch self {
        case .row(let error), .scaffold(_, let error): error
        case .swallowed, .filtered: nil
        }
    }

    /// What tells failures apart that are not the same one again: numbers are left out of texts, as
    /// fresh values stand in them.
    var signature: String {
        if case .filtered = self { return "filtered" }
        guard let error else { return "swallowed" }
        let place = if case .scaffold = self { "scaffold" } else { "row" }
        return [
            place, error.sqlState.code, error.sourceFunction, error.constraint ?? "",
            error.table ?? "", error.column ?? "", error.message, error.context ?? "",
        ].joined(separator: " ").filter { !$0.isNumber }
    }
}
