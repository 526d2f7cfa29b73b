internal import Yams

/// Reads what stands under `connection`, or under a role's `connect`.
struct ConnectionReader {
    let yaml: YAMLReading

    /// Reads a role's own connection: a text, or parameters as `connection` has them.
    func connect(_ node: Node, _ owner: String) throws(SettingsError) -> ConnectEntry {
        let what = "'connect' of \(owner)"
        let line = node.mark?.line ?? 1
        if case .mapping = node {
            return ConnectEntry(try connection(node, what, isOfRole: true), line: line)
        }
        let text = try yaml.text(node, what, such: "\"host=db.internal dbname=shop\"")
        do throws(ConnectionEntry.Complaint) {
            return try ConnectEntry(text.value, line: line)
        } catch {
            throw yaml.error(node, error.sentence)
        }
    }

    func connection(
        _ node: Node,
        _ what: String = "'connection'",
        isOfRole: Bool = false
    ) throws(SettingsError) -> ConnectionEntry {
        var connection = ConnectionEntry()
        connection.isOfRole = isOfRole
        let known = ConnectionEntry.variables.keys.sorted()
        for (key, value) in try yaml.entries(
            node,
            what,
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
