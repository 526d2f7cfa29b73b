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
        "schemas", "exclude", "roles", "profiles", "tables", "functions", "connection", "lint",
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
            case "roles":
                file.roles = try RoleReader(yaml: yaml, operations: rules).roles(value)
            case "tables":
                file.tables = try TableReader(yaml: yaml, operations: rules).tables(value)
            case "functions": file.functions = try functions(value)
            case "connection": file.connection = try ConnectionReader(yaml: yaml).connection(value)
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

    private func functions(_ node: Node) throws(SettingsError) -> [FunctionEntry] {
        let call = "{ call: \"billing.close_month('2024-01-31')\" }"
        var functions: [FunctionEntry] = []
        let example = "{ \"billing.close_month(date)\": \(call) }"
        for (name, value) in try yaml.entries(node, "'functions'", such: example) {
            let what = "the function '\(name.value)'"
            let entries = try yaml.entries(value, what, known: ["call"], such: call)
            guard let (_, text) = entries.first else {
                throw yaml.error(value, "\(what) has no call; write \(call)")
            }
            functions.append(
                FunctionEntry(
                    name: name,
                    call: try yaml.text(text, "'call' of \(what)", such: "\"f(1)\"")
                )
            )
        }
        return functions
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
}
