/// A five-character error code (PostgreSQL manual, appendix A).
package struct SQLState: Sendable, Hashable, CustomStringConvertible {
    package let code: String

    package init(_ code: String) { self.code = code }

    package var description: String { code }

    /// The first two characters, which name the class of the condition.
    package var conditionClass: String { String(code.prefix(2)) }

    package static let insufficientPrivilege = Self("42501")
    package static let notNullViolation = Self("23502")
    package static let foreignKeyViolation = Self("23503")
    package static let uniqueViolation = Self("23505")
    package static let checkViolation = Self("23514")
    package static let exclusionViolation = Self("23P01")
    package static let sequenceLimitExceeded = Self("2200H")
    package static let stringTooLong = Self("22001")
    package static let numericValueOutOfRange = Self("22003")
    package static let readOnlyTransaction = Self("25006")
    package static let invalidObjectDefinition = Self("42P17")
    package static let undefinedObject = Self("42704")
    package static let undefinedColumn = Self("42703")
    package static let undefinedTable = Self("42P01")
    package static let undefinedFunction = Self("42883")
    package static let syntaxError = Self("42601")
    /// A generated column, or an identity ALWAYS, was given a value.
    package static let generatedAlways = Self("428C9")
    package static let invalidSchemaName = Self("3F000")
    package static let featureNotSupported = Self("0A000")
    package static let objectNotInPrerequisite = Self("55000")
    package static let lockNotAvailable = Self("55P03")
    package static let queryCanceled = Self("57014")
    package static let deadlockDetected = Self("40P01")
}
