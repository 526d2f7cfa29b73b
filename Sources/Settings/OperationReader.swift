internal import Trials
internal import Yams

/// Reads what roles and tables say of operations.
struct OperationReader {
    let yaml: YAMLReading
    /// Those that `profile` may name.
    let profiles: [Profile]

    /// Takes up `profile`, `operations`, `allow` or `deny`.
    func read(
        _ key: String,
        _ node: Node,
        of owner: String,
        into rules: inout OperationRules
    ) throws(SettingsError) {
        switch key {
        case "profile": rules.profile = try profile(node, owner)
        case "operations": rules.operations = try operations(node, key, owner)
        case "allow": rules.allow = try operations(node, key, owner)
        default: rules.deny = try operations(node, key, owner)
        }
        let both = rules.deny.first { denied in
            rules.allow.contains(denied) || rules.operations?.contains(denied) ?? false
        }
        if let both {
            throw yaml.error(
                node,
                "\(owner) is allowed and denied '\(both.rawValue)'; say one of the two"
            )
        }
    }

    private func profile(_ node: Node, _ owner: String) throws(SettingsError) -> Profile {
        let name = try yaml.text(node, "'profile' of \(owner)", such: "writer")
        if let profile = profiles.first(where: { $0.name == name.value }) { return profile }
        throw yaml.error(
            node,
            "'\(name.value)' is no profile; "
                + NearestName.hint(for: name.value, among: profiles.map(\.name))
        )
    }

    private func operations(
        _ node: Node,
        _ key: String,
        _ owner: String
    ) throws(SettingsError) -> [Operation] {
        let names = Operation.declarable.map(\.rawValue)
        var operations: [Operation] = []
        for name in try yaml.texts(node, "'\(key)' of \(owner)", such: "[insert]") {
            guard let operation = Operation(rawValue: name.value), names.contains(name.value) else {
                throw SettingsError(
                    file: yaml.path,
                    line: name.line,
                    "'\(name.value)' is no operation; "
                        + NearestName.hint(for: name.value, among: names)
                )
            }
            operations.append(operation)
        }
        return operations
    }
}
