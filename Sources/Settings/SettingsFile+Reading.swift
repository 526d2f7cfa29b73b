internal import Trials
internal import Yams

extension SettingsFile {
    /// Reads a file's text.
    ///
    /// - Throws: `SettingsError` for the first thing that is wrong, in the order of the file's keys.
    package init(_ source: SettingsSource) throws(SettingsError) {
        let yaml = YAMLText(source: source)
        guard let root = try yaml.root(), !Self.isEmpty(root) else {
            throw yaml.error(nil, "the file says nothing; write 'roles:' or take it away")
        }
        self.init(path: source.path)
        try SettingsReader(yaml: YAMLReading(path: source.path)).read(root, into: &self)
    }

    private static func isEmpty(_ root: Node) -> Bool {
        switch root {
        case .mapping(let mapping): mapping.isEmpty
        default: root.tagName == .null
        }
    }
}

/// Fills a `SettingsFile` from its nodes.
struct SettingsReader {
    let yaml: YAMLReading

    static let keys = [
        "schemas", "exclude", "roles", "profiles", "tables", "connection", "lint",
    ]

    func read(_ root: Node, into file: inout SettingsFile) throws(SettingsError) {
        let entries = try yaml.entries(root, "the file", known: Self.keys, such: "roles: …")
        // Roles name profiles, wherever those stand.
        for (key, value) in entries where key.value == "profiles" {
            file.profiles = try profiles(value)
        }
        let rules = OperationReader(yaml: yaml, profiles: Profile.builtIn + file.profiles)
        for (key, value) in entries {
            switch key.value {
            case "schemas":
                file.schemas = try yaml.texts(value, "'schemas'", such: "[public, billing]")
                guard !file.schemas.isEmpty else {
                    throw yaml.error(value, "'schemas' is empty; leave it out to take all of them")
                }
            case "exclude":
                file.exclude = try yaml.texts(value, "'exclude'", such: "[\"*_archive\"]")
            case "roles": file.roles = try roles(value, rules)
            case "tables": file.tables = try tables(value, rules)
            case "connection": file.connection = try connection(value)
            case "lint":
                let example = "{ disable: [some_code] }"
                for (_, codes) in try yaml.entries(
                    value,
                    "'lint'",
                    known: ["disable"],
                    such: example
                ) {
                    file.disabledLints = try yaml.texts(codes, "'disable'", such: "[some_code]")
                }
            default: break
            }
        }
    }

    private func profiles(_ node: Node) throws(SettingsError) -> [Profile] {
        let operations = OperationReader(yaml: yaml, profiles: [])
        let example = "{ importer: { allow: [insert], deny: [delete] } }"
        var profiles: [Profile] = []
        for (name, value) in try yaml.entries(node, "'profiles'", such: example) {
            guard !Profile.builtIn.contains(where: { $0.name == name.value }) else {
                throw SettingsError(
                    file: yaml.path,
                    line: name.line,
                    "'\(name.value)' is a profile of pgsmoke's own; give yours another name"
                )
            }
            let what = "the profile '\(name.value)'"
            var rules = OperationRules()
            for (key, list) in try yaml.entries(
                value,
                what,
                known: ["allow", "deny"],
                such: "{ allow: [insert] }"
            ) {
                try operations.read(key.value, list, of: what, into: &rules)
            }
            var stance = Stance()
            stance.apply(rules)
            profiles.append(Profile(name: name.value, stance: stance))
        }
        return profiles
    }

    private func roles(
        _ node: Node,
        _ operations: OperationReader
    ) throws(SettingsError) -> [RoleEntry] {
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
            let known = ["profile", "operations", "allow", "deny", "settings"]
            for (key, value) in try yaml.entries(
                value,
                what,
                known: known,
                such: "{ profile: writer }"
            ) {
                switch key.value {
                case "settings": role.settings = try settings(value, what)
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

    private func tables(
        _ node: Node,
        _ operations: OperationReader
    ) throws(SettingsError) -> [TableEntry] {
        let example = "{ billing.invoices: { values: { state: \"'draft'\" } } }"
        var tables: [TableEntry] = []
        for (pattern, value) in try yaml.entries(node, "'tables'", such: example) {
            var table = TableEntry(pattern: pattern)
            let what = "the table '\(pattern.value)'"
            let known = ["values", "operations", "allow", "deny"]
            for (key, value) in try yaml.entries(
                value,
                what,
                known: known,
                such: "{ values: { state: \"'draft'\" } }"
            ) {
                if key.value == "values" {
                    table.values = try values(value, what)
                    continue
                }
                let example = "{ app_role: [delete] }"
                for (role, list) in try yaml.entries(
                    value,
                    "'\(key.value)' of \(what)",
                    such: example
                ) {
                    let place =
                        table.rules.firstIndex { $0.role.value.utf8.elementsEqual(role.value.utf8) }
                        ?? table.rules.endIndex
                    if place == table.rules.endIndex {
                        table.rules.append(TableEntry.Rule(role: role, rules: OperationRules()))
                    }
                    try operations.read(
                        key.value,
                        list,
                        of: "'\(role.value)' on \(what)",
                        into: &table.rules[place].rules
                    )
                }
            }
            tables.append(table)
        }
        return tables
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

    private func connection(_ node: Node) throws(SettingsError) -> ConnectionEntry {
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
