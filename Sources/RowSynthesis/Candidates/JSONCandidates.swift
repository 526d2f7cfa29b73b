internal import Catalog
internal import Trials

/// JSON of every kind, and objects with the keys that constraints ask for; hstore values likewise.
struct JSONCandidates {
    let snapshot: Snapshot
    let type: DataType

    /// The documents that suit what constraints say of JSON.
    func candidates(from hints: [Harvest]) -> [Candidate] {
        guard ["json", "jsonb", "hstore"].contains(type.name) else { return [] }
        let keys = Self.keys(in: hints)
        let texts = type.name == "hstore" ? Self.pairs(keys) : Self.documents(keys)
        return texts.map { Candidate(content: .literal($0), source: .json) }
    }

    /// One document that the server puts together from what suits each key.
    func document(
        for column: Column,
        of relation: Relation,
        under conditions: [Condition]
    ) -> Candidate? {
        guard ["json", "jsonb"].contains(type.name), type.isBuiltIn else { return nil }
        var read: [(text: String, harvest: Harvest, places: JSONPlaces)] = []
        for condition in conditions where condition.columns == [column.number] {
            let harvest = Harvest(condition.text)
            let places = JSONPlaces(in: harvest, about: column.name)
            if !places.mentions.isEmpty || !places.contained.isEmpty {
                read.append((condition.text, harvest, places))
            }
        }
        let paths = read.flatMap(\.places.mentions).map(\.path)
        // What stands before others is there with them.
        var leaves: [JSONPlaces.Path] = []
        for path in paths
        where !leaves.contains(path)
            && !paths.contains(where: { $0.count > path.count && $0.starts(with: path) })
        {
            leaves.append(path)
        }
        guard !leaves.isEmpty, leaves.count <= 40 else { return nil }
        func mentioned(_ places: JSONPlaces) -> Set<Int> {
            Set(
                leaves.indices.filter { leaf in
                    places.mentions.contains { leaves[leaf].starts(with: $0.path) }
                }
            )
        }
        let speaking = read.map { (text: $0.text, parts: mentioned($0.places)) }
        let parts = leaves.indices.map { leaf in
            var wanted: [String] = []
            var own: [(Harvest, JSONPlaces)] = []
            for (_, harvest, places) in read {
                for mention in places.mentions where mention.path == leaves[leaf] {
                    wanted += mention.wanted
                    own.append((harvest, places))
                }
            }
            return (wanted + own.flatMap(values)).map { "\(SQLText.literal($0))::pg_catalog.jsonb" }
        }
        let base = read.flatMap(\.places.contained).map {
            "\(SQLText.literal($0))::pg_catalog.jsonb || "
        }.joined()
        let value = PartedValue(
            parts: parts.map { Self.distinct($0) },
            conditions: speaking.filter { !$0.parts.isEmpty },
            row: SQLText.identifier(relation.name),
            column: SQLText.identifier(column.name),
            whole: { values in
                "(\(base)\(Self.built(leaves, values)))::pg_catalog.\(type.name)"
            }
        )
        return value.expression.map {
            Candidate(content: .expression($0, inputs: []), source: .json, isSafe: false)
        }
    }

    /// Builds a document that holds the values at the paths.
    private static func built(_ paths: [JSONPlaces.Path], _ values: [String?]) -> String {
        var firsts: [JSONPlaces.Step] = []
        for path in paths where path.first.map({ !firsts.contains($0) }) ?? false {
            firsts.append(path[0])
        }
        var parts: [(step: JSONPlaces.Step, text: String)] = []
        for first in firsts {
            let below = paths.indices.filter { paths[$0].first == first && values[$0] != nil }
            guard let one = below.first else { continue }
            let text =
                below.count == 1 && paths[one].count == 1
                ? values[one] ?? "NULL"
                : built(below.map { Array(paths[$0].dropFirst()) }, below.map { values[$0] })
            parts.append((first, text))
        }
        let elements = parts.compactMap { part in
            if case .index(let place) = part.step {
                (place: min(place, 20), text: part.text)
            } else {
                nil
            }
        }
        if elements.count == parts.count, let last = elements.map(\.place).max() {
            let filled = (0...last).map { place in
                (elements.first { $0.place == place } ?? elements[0]).text
            }
            return "pg_catalog.jsonb_build_array(\(filled.joined(separator: ", ")))"
        }
        let pairs = parts.map { part in
            let key =
                switch part.step {
                case .key(let key): key
                case .index(let place): String(place)
                }
            return "\(SQLText.literal(key)), \(part.text)"
        }
        return "pg_catalog.jsonb_build_object(\(pairs.joined(separator: ", ")))"
    }

    /// What may stand at a place of which one condition speaks, as JSON.
    private func values(_ harvest: Harvest, _ places: JSONPlaces) -> [String] {
        var values: [String] = []
        let constants = harvest.constants.filter { places.others.contains($0.text) }
        for constant in constants {
            if let samples = Self.samples[constant.text],
                harvest.names.contains(where: Self.isOfKind)
            {
                values += samples
                continue
            }
            if let number = Int(constant.text) {
                values += [number, number &+ 1, number &- 1].flatMap { ["\($0)", "\"\($0)\""] }
            } else if Double(constant.text) != nil {
                values += [constant.text, "\"\(constant.text)\""]
            }
            if ConstantCandidates.isDocument(constant.text), !constant.isNumber {
                values.append(constant.text)
            }
            if !constant.before.contains("~") { values.append(Self.quoted(constant.text)) }
        }
        // A cast reads nothing but what is of its type.
        let types = harvest.casts.filter { !["text", "jsonb", "json"].contains($0) }
        if !types.isEmpty {
            values = values.filter { !$0.hasPrefix("\"") } + types.sorted().flatMap(casted)
            return values
        }
        if let text = snapshot.types.values.first(where: { $0.isBuiltIn && $0.name == "text" }) {
            let hint = [harvest]
            let texts =
                PatternCandidates(type: text).candidates(from: hint)
                + LengthCandidates(snapshot: snapshot, type: text).candidates(from: hint)
            values = texts.compactMap(\.text).prefix(16).map(Self.quoted) + values
        }
        if !LengthCandidates.lengths(in: [harvest]).isEmpty {
            values += LengthCandidates.lengths(in: [harvest]).filter { $0 <= 64 }.map {
                "[\(Array(repeating: "1", count: $0).joined(separator: ", "))]"
            }
        }
        return values + ["\"a\"", "1", "true", "{}", "[]", "[\"a\"]", "[1]", "null"]
    }

    private static func isOfKind(_ name: String) -> Bool {
        ["jsonb_typeof", "json_typeof"].contains(name)
    }

    /// A value of each kind that `jsonb_typeof` tells apart.
    private static let samples = [
        "object": ["{}", "{\"a\": 1}"], "array": ["[]", "[\"a\"]", "[1]"],
        "string": ["\"a\"", "\"\""],
        "number": ["1", "0"], "boolean": ["true", "false"], "null": ["null"],
    ]

    /// What a cast to a type reads.
    private func casted(_ name: String) -> [String] {
        let name = ConstantCandidates.catalogName(name)
        guard let type = snapshot.types.values.first(where: { $0.isBuiltIn && $0.name == name })
        else {
            let labels = snapshot.types.values.filter { $0.name == name && $0.form == .enumeration }
                .min { $0.oid < $1.oid }
            return (labels.flatMap { snapshot.enumLabels[$0.oid] } ?? []).map(Self.quoted)
        }
        let sample = TypeSample(snapshot: snapshot).value(of: type.oid, modifier: -1, fresh: nil)
        var texts = TypeCandidates(snapshot: snapshot, type: type, modifier: -1).candidates
            .compactMap(\.text)
        if case .literal(let text) = sample { texts.insert(text, at: 0) }
        let isBare = type.category == "N" || type.category == "B"
        return texts.map { isBare ? $0 : Self.quoted($0) }
    }

    private static func distinct(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }

    /// The words that may be keys, or stand behind them.
    private static func keys(in hints: [Harvest]) -> [String] {
        let kinds: Set<String> = ["object", "array", "string", "number", "boolean", "null"]
        var keys: [String] = []
        for constant in hints.flatMap(\.constants) where !constant.isNumber {
            guard !kinds.contains(constant.text), !constant.text.hasPrefix("{"),
                !keys.contains(constant.text), constant.text.count < 100
            else { continue }
            keys.append(constant.text)
        }
        return keys
    }

    /// All keys at once, and each with each of the others behind it (manual, F.17, hstore).
    private static func pairs(_ keys: [String]) -> [String] {
        func pairs(_ value: (String) -> String) -> String {
            keys.map { "\(quoted($0))=>\(value($0))" }.joined(separator: ", ")
        }
        guard !keys.isEmpty else { return [] }
        var texts = ["\"a\"", "1", "true"].map { value in pairs { _ in value } }
        for key in keys.prefix(4) {
            for value in keys.prefix(6) where value != key {
                texts.append(pairs { $0 == key ? quoted(value) : "1" })
            }
        }
        return texts
    }

    private static func documents(_ keys: [String]) -> [String] {
        var texts = ["{}", "[]", "\"a\"", "1", "true", "[1]", "[\"a\"]", "[{}]"]
        if !keys.isEmpty {
            for value in ["\"a\"", "1", "{}", "[]", "true", "[\"a\"]", "\"2020-01-01\""] {
                texts.append(object(keys) { _ in value })
            }
            // Constants can be keys or what stands behind them.
            for key in keys.prefix(4) {
                for value in keys.prefix(6) where value != key {
                    texts.append(object(keys) { $0 == key ? quoted(value) : "\"a\"" })
                }
                texts.append(object([key]) { _ in "1" })
            }
        }
        return texts
    }

    private static func object(_ keys: [String], _ value: (String) -> String) -> String {
        "{\(keys.map { "\(quoted($0)): \(value($0))" }.joined(separator: ", "))}"
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
