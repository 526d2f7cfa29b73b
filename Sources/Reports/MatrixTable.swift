package import Trials

/// The matrix for a person: for each role and sort of object a table, one line an object.
package struct MatrixTable: MatrixFormat {
    private let style: TerminalStyle
    private var block: [MatrixRow] = []

    package init(isColoured: Bool = false) { style = TerminalStyle(isColoured: isColoured) }

    package mutating func start() -> String { "" }

    package mutating func add(_ row: MatrixRow) -> String {
        var text = ""
        if let first = block.first, heading(of: first) != heading(of: row) {
            text = self.text(of: block) + "\n"
            block = []
        }
        block.append(row)
        return text
    }

    package mutating func finish() -> String {
        defer { block = [] }
        return text(of: block)
    }

    /// Rows of one table have the role, the sort of object and the privileges in common.
    private func heading(of row: MatrixRow) -> [String] {
        [row.role, sort(of: row.kind)] + row.cells.map(\.privilege)
    }

    private func sort(of kind: ObjectKind) -> String {
        switch kind {
        case .table, .partitionedTable, .view, .materializedView, .foreignTable:
            "tables and views"
        case .function, .procedure: "functions and procedures"
        case .type, .domain: "types and domains"
        case .foreignDataWrapper: "foreign data wrappers"
        case .foreignServer: "foreign servers"
        default: "\(kind.rawValue)s"
        }
    }

    private func text(of rows: [MatrixRow]) -> String {
        guard let first = rows.first else { return "" }
        let role = PrintableText.name(first.role)
        let title = "role \(role), \(sort(of: first.kind))"
        let names = rows.map { PrintableText.line($0.object) }
        let width = names.map(Columns.width).max() ?? 0
        // "set-role" is the longest answer.
        let columns = first.cells.map { max($0.privilege.count, 8) }
        var text = style.toned(title, .strong) + "\n"
        let header = zip(first.cells, columns).map { cell, width in
            padded(cell.privilege, to: width)
        }
        text += style.toned(line(padded("", to: width), header), .faint)
        for (name, row) in zip(names, rows) {
            let cells = zip(row.cells, columns).map { cell, width in
                style.toned(padded(sign(cell.effective), to: width), tone(of: cell.effective))
            }
            text += line(padded(name, to: width), cells)
        }
        return text
    }

    private func line(_ name: String, _ cells: [String]) -> String {
        var line = "  \(name)  \(cells.joined(separator: "  "))"
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }

    private func sign(_ effective: Effective) -> String {
        effective == .no ? "-" : effective.rawValue
    }

    private func tone(of effective: Effective) -> TerminalStyle.Tone? {
        switch effective {
        case .yes: .good
        case .no: .faint
        case .setRole, .columns: .doubtful
        }
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - Columns.width(of: text)))
    }
}
