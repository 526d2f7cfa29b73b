package import Trials

/// A way to write a matrix, row by row, so that it never has to be in memory as a whole.
package protocol MatrixFormat {
    /// Returns what comes before the first row.
    mutating func start() -> String

    /// Returns what the row adds to the text.
    mutating func add(_ row: MatrixRow) -> String

    /// Returns what comes after the last row.
    mutating func finish() -> String
}

/// `{"cells": [{role, kind, object, privilege, effective}]}`, one cell a line.
package struct MatrixJSON: MatrixFormat {
    private var isFirst = true
    private var role = (name: "", quoted: "\"\"")

    package init() {}

    package mutating func start() -> String { "{\"cells\": [" }

    package mutating func add(_ row: MatrixRow) -> String {
        if row.role != role.name { role = (row.role, JSONText.quoted(row.role)) }
        let place =
            "  {\"role\": \(role.quoted), \"kind\": \"\(row.kind.rawValue)\", "
            + "\"object\": \(JSONText.quoted(row.object)), \"privilege\": \""
        var text = ""
        text.reserveCapacity(row.cells.count * (place.utf8.count + 48))
        for cell in row.cells {
            text += isFirst ? "\n" : ",\n"
            isFirst = false
            text += place
            text += cell.privilege
            text += "\", \"effective\": \""
            text += cell.effective.rawValue
            text += "\"}"
        }
        return text
    }

    package mutating func finish() -> String { isFirst ? "]}\n" : "\n]}\n" }
}

/// One line a cell (RFC 4180, with line feeds), under a header.
package struct MatrixCSV: MatrixFormat {
    package init() {}

    package mutating func start() -> String { "role,kind,object,privilege,effective\n" }

    package mutating func add(_ row: MatrixRow) -> String {
        let place =
            "\(field(Identifier.displayed(row.role))),\(row.kind.rawValue),\(field(row.object)),"
        return row.cells.map { "\(place)\($0.privilege),\($0.effective.rawValue)\n" }.joined()
    }

    package mutating func finish() -> String { "" }

    private func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"\(text.replacing(scalar: "\"", with: "\"\""))\""
    }
}
