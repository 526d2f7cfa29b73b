internal import Yams

/// Takes nodes apart as the kinds that the file wants, or says what stands there instead.
struct YAMLReading {
    let path: String

    func error(_ node: Node, _ sentence: String) -> SettingsError {
        SettingsError(file: path, line: node.mark?.line, sentence)
    }

    /// Returns the keys and values of a mapping.
    func entries(
        _ node: Node,
        _ what: String,
        such example: String
    ) throws(SettingsError) -> [(key: Placed<String>, value: Node)] {
        guard case .mapping(let mapping) = node else {
            throw mismatch(node, what, "a mapping", example)
        }
        var entries: [(key: Placed<String>, value: Node)] = []
        for (key, value) in mapping {
            if case .scalar(let scalar) = key, key.tagName == .merge {
                throw error(key, "'\(scalar.string)' merges nothing here; write the keys out")
            }
            entries.append((try text(key, "a key of \(what)", such: "name:"), value))
        }
        return entries
    }

    /// Returns the entries of a mapping that may hold those keys alone.
    func entries(
        _ node: Node,
        _ what: String,
        known: [String],
        such example: String
    ) throws(SettingsError) -> [(key: Placed<String>, value: Node)] {
        let entries = try entries(node, what, such: example)
        for (key, _) in entries where !known.contains(key.value) {
            throw SettingsError(
                file: path,
                line: key.line,
                "unknown key '\(key.value)' in \(what); "
                    + NearestName.hint(for: key.value, among: known)
            )
        }
        return entries
    }

    /// Returns the members of a list.
    func list(
        _ node: Node,
        _ what: String,
        such example: String
    ) throws(SettingsError) -> [Node] {
        guard case .sequence(let sequence) = node else {
            throw mismatch(node, what, "a list", example)
        }
        return Array(sequence)
    }

    /// Returns a list of texts, none of them empty.
    func texts(
        _ node: Node,
        _ what: String,
        such example: String
    ) throws(SettingsError) -> [Placed<String>] {
        var texts: [Placed<String>] = []
        for member in try list(node, what, such: example) {
            texts.append(try text(member, "each member of \(what)", such: example))
        }
        return texts
    }

    /// Returns a text; one that could be taken for something else must stand in quotes.
    func text(
        _ node: Node,
        _ what: String,
        such example: String,
        mayBeEmpty: Bool = false
    ) throws(SettingsError) -> Placed<String> {
        guard case .scalar(let scalar) = node, node.tagName == .str else {
            throw mismatch(node, what, "a text", example)
        }
        guard !scalar.string.unicodeScalars.contains("\0") else {
            throw error(node, "\(what) holds a NUL character, which PostgreSQL takes nowhere")
        }
        guard mayBeEmpty || scalar.string.contains(where: { !$0.isWhitespace }) else {
            throw error(node, "\(what) is an empty text; write it, such as \(example)")
        }
        return Placed(scalar.string, line: node.mark?.line ?? 1)
    }

    /// Returns true or false.
    func truth(_ node: Node, _ what: String, such example: String) throws(SettingsError) -> Bool {
        guard case .scalar(let scalar) = node, node.tagName == .bool,
            let truth = Bool.construct(from: scalar)
        else { throw mismatch(node, what, "true or false", example) }
        return truth
    }

    /// Whether a key stands there without a value.
    func isNothing(_ node: Node) -> Bool { node.tagName == .null }

    private func mismatch(
        _ node: Node,
        _ what: String,
        _ wanted: String,
        _ example: String
    ) -> SettingsError {
        let found = Self.kind(of: node)
        if wanted == "a text", case .scalar(let scalar) = node, !isNothing(node) {
            return error(
                node,
                "\(what) must be a text and \(scalar.string) is \(found); put it in double quotes"
            )
        }
        return error(node, "\(what) must be \(wanted), such as \(example), and not \(found)")
    }

    private static func kind(of node: Node) -> String {
        switch node {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        case .scalar:
            switch node.tagName {
            case .str: "a text"
            case .int, .float: "a number"
            case .bool: "true or false to YAML"
            case .null: "nothing"
            case .timestamp: "a date"
            default: "of a type of its own"
            }
        }
    }
}

extension Node {
    /// The name of the tag that the node has or, in plain style, is taken to have.
    var tagName: Tag.Name { Tag.Name(rawValue: tag.description) }
}
