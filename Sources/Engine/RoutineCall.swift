package import Catalog
package import Postgres
internal import Trials

/// The statement that calls a routine as the user has written it.
struct RoutineCall {
    let sql: String

    /// The line break ends a comment, so that nothing after it is swallowed.
    init(_ call: Declarations.Value, of routine: Routine) {
        sql = "\(routine.isProcedure ? "CALL" : "SELECT") \(call.expression)\n"
    }
}

extension DeclarationCheck {
    /// Has the server read a call alone, as one statement, without carrying it out; returns what it has
    /// against it.
    ///
    /// - Throws: `connectionLost`.
    package func complaint(
        aboutCall call: Declarations.Value,
        of routine: Routine
    ) throws(PostgresError) -> String? {
        var complaint: String?
        try connection.execute("BEGIN")
        do throws(PostgresError) {
            let description = try connection.describe(RoutineCall(call, of: routine).sql)
            if description.parameters > 0 { complaint = "it holds a parameter, $1" }
        } catch {
            guard case .server(let answer) = error else { throw error }
            // Whether a role may is what the trial is for.
            if answer.sqlState != .insufficientPrivilege { complaint = answer.message }
        }
        try connection.execute("ROLLBACK")
        return complaint
    }
}
