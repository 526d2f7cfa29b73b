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
        } + apart(conditions)
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
                let name = Self.quoted(other.name)
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

    /// The name as the server deparses it where it takes quotation marks.
    private static func quoted(_ name: String) -> String {
        "\"\(name.replacing("\"", with: "\"\""))\""
    }

    private static func spans(_ constant: Harvest.Constant) -> [String] {
        if constant.type == "interval" {
            return ["'\(constant.text.replacing("'", with: "''"))'::pg_catalog.interval"]
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
        return name == column.name || name == Self.quoted(column.name)
    }

    private func candidates(_ other: String, _ comparison: String) -> [Candidate] {
        let names = Harvest(other).names
        let inputs = Set(columns.filter { names.contains($0.name) }.map(\.number))
        guard !inputs.contains(column.number) else { return [] }
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
