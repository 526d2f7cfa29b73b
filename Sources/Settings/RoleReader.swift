internal import Yams

/// Reads what stands under `roles`.
struct RoleReader {
    let yaml: YAMLReading
    let operations: OperationReader

    func roles(_ node: Node) throws(SettingsError) -> [RoleEntry] {
        let example = "{ app_role: { profile: writer } }"
        var roles: [RoleEntry] = []
        for (name, value) in try yaml.entries(node, "'roles'", such: example) {
            var role = RoleEntry(name: name)
            // `app_role:` alone names the role and says no more.
            guard !yaml.isNothing(value) else {
                roles.append(role)
                continue
            }
            let what = "the role '\(name.value)'"
            let known = ["profile", "operations", "allow", "deny", "settings", "future", "connect"]
            for (key, value) in try yaml.entries(
                value,
                what,
                known: known,
                such: "{ profile: writer }"
            ) {
                switch key.value {
                case "settings": role.settings = try settings(value, what)
                case "future":
                    role.future = try yaml.truth(value, "'future' of \(what)", such: "false")
                case "connect":
                    role.connect = try ConnectionReader(yaml: yaml).connect(value, what)
                default: try operations.read(key.value, value, of: what, into: &role.rules)
                }
            }
            roles.append(role)
        }
        return roles
    }

    private func settings(
        _ node: Node,
        _ owner: String
    ) throws(SettingsError) -> [ParameterEntry] {
        let example = "{ app.tenant_id: \"42\" }"
        let what = "'settings' of \(owner)"
        var settings: [ParameterEntry] = []
        for (name, value) in try yaml.entries(node, what, such: example) {
            if let complaint = ParameterName.complaint(about: name.value) {
                throw SettingsError(file: yaml.path, line: name.line, complaint)
            }
            if let other = settings.first(where: {
                $0.name.value.lowercased() == name.value.lowercased()
            }) {
                throw SettingsError(
                    file: yaml.path,
                    line: name.line,
                    "the setting '\(name.value)' is there already, on line \(other.name.line); "
                        + "write it once"
                )
            }
            let text = try yaml.text(
                value,
                "the setting '\(name.value)'",
                such: "\"42\"",
                mayBeEmpty: true
            )
            settings.append(ParameterEntry(name: name, value: text.value))
        }
        return settings
    }
}
