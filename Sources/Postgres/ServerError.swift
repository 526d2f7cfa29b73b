/// An error as the server reported it (PostgreSQL manual, 34.3, PQresultErrorField).
package struct ServerError: Error, Sendable, Hashable {
    /// `ERROR`, `FATAL` or `PANIC`, never translated.
    package var severity: String
    package var sqlState: SQLState
    /// The primary message, in the server's language.
    package var message: String
    /// May quote rows; enters no report.
    package var detail: String?
    package var hint: String?
    /// The functions, triggers and inner statements in which the error arose, innermost first.
    package var context: String?
    /// The text of a statement that a function or a foreign key ran by itself.
    package var internalQuery: String?
    /// The character of our own statement at which the error lies, from 1.
    package var position: Int?
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// The name of the server's C function that reported the error.
    package var sourceFunction: String

    /// Whether the error arose in our statement itself, not in a function or trigger that it set off.
    package var isInOurStatement: Bool { context == nil && internalQuery == nil }

    /// Whether `currval` or `lastval` was called in a session that has drawn nothing (manual, 9.17).
    package var asksSession: Bool {
        sqlState == .objectNotInPrerequisite
            && ["currval_oid", "lastval"].contains(sourceFunction)
    }

    /// Whether our statement names two columns of a view that stand for the same one.
    package var assignsTwice: Bool {
        sqlState == .syntaxError && sourceFunction == "process_matched_tle" && isInOurStatement
    }

    /// Whether a value is given to a column that is generated, or an identity ALWAYS; up to 13 the former
    /// has no code of its own.
    package var givesComputedColumn: Bool {
        sqlState == .generatedAlways
            || sqlState == .syntaxError && sourceFunction == "rewriteTargetListIU"
    }

    /// Whether a parameter was asked for that nothing has set.
    package var isOfMissingSetting: Bool {
        sqlState == .undefinedObject
            && ["find_option", "GetConfigOptionByName", "assignable_custom_variable_name"]
                .contains(sourceFunction)
    }

    /// Whether a text was no value of its type, and it was none that stands in the statement.
    package var isOfUnreadableText: Bool {
        position == nil && ["22P02", "22007"].contains(sqlState.code)
    }
}
