internal import Catalog
internal import Trials

/// Values that follow from other columns of the row: the other side of a comparison.
struct RelatedCandidates {
    let snapshot: Snapshot
    let columns: [Column]
    let column: Column
    let type: DataType

    /// The expressions that suit the comparisons.
    func candidates(from conditions: [Condition]) -> [Candidate] {
        conditions.flatMap { condition in
            [" = ", " >= ", " > ", " <= ", " < ", " <> "].flatMap { comparison -> [Candidate] in
                let sides = DeparsedText.split(condition.text, at: comparison)
                guard sides.count == 2 else { return [] }
                if name(in: sides[0]) { return candidates(sides[1], comparison) }
                return name(in: sides[1]) ? candidates(sides[0], Self.mirrored(comparison)) : []
            }
        } + apart(conditions) + matching(conditions) + within(conditions)
    }

    /// Texts that hold what other columns hold, or match it: with `LIKE`, by prefix, part or place.
    private func matching(_ conditions: [Condition]) -> [Candidate] {
        guard type.category == "S" else { return [] }
        var expressions: [(text: String, inputs: Set<Int>)] = []
        for condition in conditions where condition.columns.count > 1 {
            for comparison in [" ~~ ", " ~~* "] {
                let sides = DeparsedText.split(condition.text, at: comparison)
                guard sides.count == 2, name(in: sides[0]), let inputs = inputs(of: sides[1]) else {
                    continue
                }
                let some = "pg_catalog.replace((\(sides[1]))::pg_catalog.text, '%', 'a')"
                expressions.append(("pg_catalog.replace(\(some), '_', 'a')", inputs))
            }
            let others = columns.filter {
                condition.columns.contains($0.number) && $0.number != column.number
            }
            let marks = (condition.hints.first?.constants ?? []).filter {
                (1...3).contains($0.text.count) && !$0.isNumber
            }
            for other in others.prefix(3)
            where !other.isComputed && snapshot.baseType(of: other)?.category == "S" {
                let value = "(\(SQLText.identifier(other.name)))::pg_catalog.text"
                for mark in marks.prefix(2) {
                    let mark = SQLText.literal(mark.text)
                    expressions += ["'a' || \(mark) || \(value)", "\(value) || \(mark) || 'a'"]
                        .map { ($0, [other.number]) }
                }
                expressions += [
                    value, "\(value) || 'a'", "'aaaa' || \(value)", "'a' || \(value) || 'a'",
                    "pg_catalog.lower(\(value))", "pg_catalog.upper(\(value))",
                ].map { ($0, [other.number]) }
            }
        }
        return expressions.map {
            Candidate(
                content: .expression($0.text, inputs: $0.inputs),
                source: .related,
                isSafe: false
            )
        }
    }

    /// Addresses in, or around, the networks that other columns hold.
    private func within(_ conditions: [Condition]) -> [Candidate] {
        guard type.isBuiltIn, ["inet", "cidr"].contains(type.name) else { return [] }
        var candidates: [Candidate] = []
        for condition in conditions {
            for other in columns
            where condition.columns.contains(other.number) && other.number != column.number
                && ["inet", "cidr"].contains(snapshot.baseType(of: other)?.name ?? "")
            {
                let value = "(\(SQLText.identifier(other.name)))::pg_catalog.inet"
                candidates += [
                    "pg_catalog.host(\(value))", "pg_catalog.host(\(value) + 1)",
                    "pg_catalog.network(\(value))",
                    "pg_catalog.set_masklen(\(value), pg_catalog.masklen(\(value)) - 1)",
                ].map {
                    let cast =
                        type.name == "cidr" ? "pg_catalog.network((\($0))::pg_catalog.inet)" : $0
                    return Candidate(
                        content: .expression(
                            "(\(cast))::pg_catalog.\(type.name)",
                            inputs: [other.number]
                        ),
                        source: .related,
                        isSafe: false
                    )
                }
            }
        }
        return candidates
    }

    /// The other columns that a term is made of; `nil` if it is made of this one, too.
    private func inputs(of term: String) -> Set<Int>? {
        let names = Harvest(term).names
        let inputs = Set(columns.filter { names.contains($0.name) }.map(\.number))
        return inputs.contains(column.number) ? nil : inputs
    }

    /// Moments that lie as far from those in other columns as the conditions say: by intervals, or by
    /// numbers that may be seconds or minutes.
    private func apart(_ conditions: [Condition]) -> [Candidate] {
        guard type.isBuiltIn, ["timestamp", "timestamptz", "time", "date"].contains(type.name)
        else {
            return []
        }
        var candidates: [Candidate] = []
        for condition in conditions where condition.text.holds(" - ") {
            let others = columns.filter { other in
                condition.columns.contains(other.number) && other.number != column.number
                    && snapshot.baseType(of: other)?.oid == type.oid
            }
            for other in others {
                let name = SQLText.identifier(other.name)
                for span in condition.hints.flatMap(\.constants).flatMap(Self.spans).prefix(8) {
                    candidates += ["+", "-"].map { sign in
                        Candidate(
                            content: .expression(
                                "(\(name) \(sign) \(span))::pg_catalog.\(type.name)",
                                inputs: [other.number]
                            ),
                            source: .related,
                            isSafe: false
                        )
                    }
                }
            }
        }
        return candidates
    }

    private static func spans(_ constant: Harvest.Constant) -> [String] {
        if constant.type == "interval" {
            return ["\(SQLText.literal(constant.text))::pg_catalog.interval"]
        }
        guard constant.isNumber, let number = Int(constant.text), (1...1_000_000).contains(number)
        else { return [] }
        return ["secs", "mins"].map { "pg_catalog.make_interval(\($0) => \(number))" }
    }

    private static func mirrored(_ comparison: String) -> String {
        switch comparison {
        case " >= ": " <= "
        case " > ": " < "
        case " <= ": " >= "
        case " < ": " > "
        default: comparison
        }
    }

    /// Whether the text is the column alone, or the column with a cast.
    private func name(in text: String) -> Bool {
        var name = DeparsedText.unwrapped(text)
        if let cast = name.firstRange(of: "::") {
            name = DeparsedText.unwrapped(String(name[..<cast.lowerBound]))
        }
        return name == column.name || name == SQLText.identifier(column.name)
    }

    private func candidates(_ other: String, _ comparison: String) -> [Candidate] {
        // Nothing but text is cast to JSON.
        guard !["json", "jsonb"].contains(type.name), let inputs = inputs(of: other) else {
            return []
        }
        let cast = "pg_catalog.\(type.name)"
        var expressions: [String] = []
        let step: String? =
            switch type.name {
            case _ where !type.isBuiltIn: nil
            case "int2", "int4", "int8", "numeric", "float4", "float8": "1"
            case "date", "timestamp", "timestamptz", "interval": "'1 day'::pg_catalog.interval"
            default: nil
            }
        let plus = step.map { "((\(other)) + \($0))::\(cast)" }
        let minus = step.map { "((\(other)) - \($0))::\(cast)" }
        switch comparison {
        case " = ", " >= ", " <= ": expressions.append("(\(other))")
        default: break
        }
        switch comparison {
        case " > ", " >= ": expressions += [plus].compactMap(\.self)
        case " < ", " <= ": expressions += [minus].compactMap(\.self)
        case " <> ": expressions += [plus, minus].compactMap(\.self)
        default: break
        }
        return expressions.map {
            Candidate(content: .expression($0, inputs: inputs), source: .related, isSafe: false)
        }
    }
}
