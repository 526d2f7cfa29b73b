internal import Yams

/// Reads what stands under `connection`.
struct ConnectionReader {
    let yaml: YAMLReading

    func connection(_ node: Node) throws(SettingsError) -> ConnectionEntry {
        var connection = ConnectionEntry()
        let known = ConnectionEntry.variables.keys.sorted()
        for (key, value) in try yaml.entries(
            node,
            "'connection'",
            known: known,
            such: "{ host: db.internal, dbname: \"${APP_DB}\" }"
        ) {
            let parameter = try parameter(key.value, value)
            do throws(ConnectionEntry.Complaint) {
                try connection.add(key.value, parameter)
            } catch {
                throw yaml.error(value, error.sentence)
            }
        }
        return connection
    }

    /// A password's text is never shown, whatever it is; ports may be numbers.
    private func parameter(_ keyword: String, _ node: Node) throws(SettingsError) -> Placed<String>
    {
        let isNumber = node.tagName == .int && ConnectionEntry.numbers.contains(keyword)
        if let scalar = node.scalar, isNumber || keyword == "password" && !yaml.isNothing(node) {
            return Placed(scalar.string, line: node.mark?.line ?? 1)
        }
        return try yaml.text(node, "'\(keyword)'", such: "\"${NAME}\"")
    }
}
