internal import Yams

/// Reads what stands under `tables`.
struct TableReader {
    let yaml: YAMLReading
    let operations: OperationReader

    func tables(_ node: Node) throws(SettingsError) -> [TableEntry] {
        let example = "{ billing.invoices: { values: { state: \"'draft'\" } } }"
        var tables: [TableEntry] = []
        for (pattern, value) in try yaml.entries(node, "'tables'", such: example) {
            tables.append(try table(pattern, value))
        }
        return tables
    }

    private func table(
        _ pattern: Placed<String>,
        _ node: Node
    ) throws(SettingsError) -> TableEntry {
        var table = TableEntry(pattern: pattern)
        let what = "the table '\(pattern.value)'"
        let known = ["values", "operations", "allow", "deny"]
        let example = "{ values: { state: \"'draft'\" } }"
        for (key, value) in try yaml.entries(node, what, known: known, such: example) {
            if key.value == "values" {
                table.values = try values(value, what)
            } else {
                try readRules(key.value, value, what, into: &table)
            }
        }
        return table
    }

    /// Reads lists of operations by role.
    private func readRules(
        _ key: String,
        _ node: Node,
        _ owner: String,
        into table: inout TableEntry
    ) throws(SettingsError) {
        let example = "{ app_role: [delete] }"
        for (role, list) in try yaml.entries(node, "'\(key)' of \(owner)", such: example) {
            let known = table.rules.firstIndex { $0.role.value.utf8.elementsEqual(role.value.utf8) }
            if known == nil {
                table.rules.append(TableEntry.Rule(role: role, rules: OperationRules()))
            }
            try operations.read(
                key,
                list,
                of: "'\(role.value)' on \(owner)",
                into: &table.rules[known ?? table.rules.count - 1].rules
            )
        }
    }

    private func values(_ node: Node, _ owner: String) throws(SettingsError) -> [ValueEntry] {
        let example = "{ state: \"'draft'\" }"
        var values: [ValueEntry] = []
        for (column, value) in try yaml.entries(node, "'values' of \(owner)", such: example) {
            // `amount: 42` and `paid: true` can mean but one thing.
            let isConstant = [.int, .float, .bool].contains(value.tagName)
            let expression =
                isConstant
                ? Placed(value.scalar?.string ?? "", line: value.mark?.line ?? column.line)
                : try yaml.text(value, "the value of '\(column.value)'", such: "\"'draft'\"")
            values.append(ValueEntry(column: column, expression: expression))
        }
        return values
    }
}
