internal import Trials

/// Names and constants inside expressions, written as libpq writes them (`PQescapeIdentifier`,
/// `PQescapeLiteral`), for what is put together without a connection.
enum SQLText {
    static func identifier(_ name: String) -> String { Identifier.inQuotationMarks(name) }

    static func literal(_ text: String) -> String {
        let doubled = text.replacing(scalar: "'", with: "''")
        // Backslashes mean the same whatever standard_conforming_strings says.
        return text.unicodeScalars.contains("\\")
            ? " E'\(doubled.replacing(scalar: "\\", with: "\\\\"))'" : "'\(doubled)'"
    }
}
