internal import Catalog
internal import Postgres
internal import Trials

extension Lookup {
    /// Finds values of the partition key that some partition takes; the server's own description
    /// of each leaf is the judge.
    ///
    /// - Throws: `connectionLost`.
    func partitionValues(of root: Relation) throws(PostgresError) -> [Int: RowValue]? {
        for leaf in leaves(of: root).prefix(40) {
            let definition =
                "SELECT pg_catalog.pg_get_partition_constraintdef(\(leaf.last?.oid ?? 0))"
            guard let condition = try rows(of: definition, as: .connectingRole)?.first?[0] else {
                continue
            }
            if let values = try solve(condition, along: leaf, of: root) { return values }
        }
        return nil
    }

    /// The ways down to the leaves: from the partition right below the root to the leaf.
    private func leaves(of root: Relation) -> [[Relation]] {
        var leaves: [[Relation]] = []
        var pending: [[Relation]] = (snapshot.partitions[root.oid] ?? []).reversed().map { [$0] }
        while let path = pending.popLast(), leaves.count < 40 {
            guard let last = path.last else { continue }
            if last.kind == .partitionedTable {
                for next in (snapshot.partitions[last.oid] ?? []).reversed() {
                    pending.append(path + [next])
                }
            } else if last.kind == .table {
                leaves.append(path)
            }
        }
        return leaves
    }

    private func solve(
        _ condition: String,
        along path: [Relation],
        of root: Relation
    ) throws(PostgresError) -> [Int: RowValue]? {
        var candidates: [Int: [String]] = [:]
        for partition in path {
            guard let parent = partition.parent.flatMap({ snapshot.partitionKeys[$0] }) else {
                continue
            }
            let bounds = PartitionBound(partition.partitionBound ?? "").literals
            for (place, number) in parent.columns.enumerated() where number != 0 {
                guard let column = column(number, ofPartitionedAs: parent.relation, in: root) else {
                    continue
                }
                let own =
                    bounds.isEmpty
                    ? []
                    : stride(
                        from: parent.strategy == .list ? 0 : place,
                        to: bounds.count,
                        by: parent.strategy == .list ? 1 : parent.columns.count
                    ).map { bounds[$0] }
                candidates[column.number, default: []] += own
            }
        }
        let columns = (snapshot.columns[root.oid] ?? []).filter { candidates[$0.number] != nil }
        guard !columns.isEmpty else { return nil }
        var sources: [String] = []
        for (index, column) in columns.enumerated() {
            let list = try candidateQuery(candidates[column.number] ?? [], for: column)
            sources.append("(\(list)) AS s\(index)(v)")
        }
        var fields: [String] = []
        for (index, column) in columns.enumerated() {
            fields.append("s\(index).v AS \(try connection.quoted(identifier: column.name))")
        }
        let outputs = columns.indices.map { "s.v\($0)" }
        let query = """
            SELECT \(outputs.joined(separator: ", "))
              FROM (SELECT \(fields.joined(separator: ", ")),
                           \(columns.indices.map { "s\($0).v::text AS v\($0)" }.joined(separator: ", "))
                      FROM \(sources.joined(separator: " CROSS JOIN "))) AS s
             WHERE \(condition) LIMIT 1
            """
        guard let row = try rows(of: query, as: .connectingRole)?.first else { return nil }
        var values: [Int: RowValue] = [:]
        for (column, text) in zip(columns, row) {
            guard let text else { return nil }
            values[column.number] = RowValue(.literal(text), from: .partitionBound)
        }
        return values
    }

    /// Partitions may hold their columns in another order than the root.
    private func column(_ number: Int, ofPartitionedAs table: OID, in root: Relation) -> Column? {
        if table == root.oid { return snapshot.column(number, of: root.oid) }
        let name = snapshot.column(number, of: table)?.name
        return name.flatMap { name in snapshot.columns[root.oid]?.first { $0.name == name } }
            ?? snapshot.column(number, of: root.oid)
    }

    /// The bounds themselves, their neighbours, a sample and, for whole numbers, a series.
    private func candidateQuery(_ bounds: [String], for column: Column) throws(PostgresError)
        -> String
    {
        guard let type = snapshot.types[column.type] else { return "SELECT NULL" }
        let cast = try quotedName(of: type)
        var parts: [String] = []
        for bound in bounds {
            let literal = "\(try connection.quoted(literal: bound))::\(cast)"
            parts.append("SELECT \(literal)")
            switch type.category {
            case "N": parts.append("SELECT (\(literal) - 1)::\(cast)")
            case "D" where type.name == "date": parts.append("SELECT \(literal) - 1")
            case "D": parts.append("SELECT (\(literal) - interval '1 day')::\(cast)")
            default: break
            }
        }
        if let sample = TypeSample(snapshot: snapshot)
            .value(of: column.type, modifier: column.typeModifier, fresh: nil),
            case .literal(let text) = sample
        {
            parts.append("SELECT \(try connection.quoted(literal: text))::\(cast)")
        }
        switch type.name {
        case "int2", "int4", "int8", "numeric":
            parts.append("SELECT g::\(cast) FROM generate_series(0, 1000) AS g")
        case "text", "varchar", "bpchar":
            parts.append("SELECT ('pgsmoke' || g)::\(cast) FROM generate_series(0, 200) AS g")
        case "uuid":
            parts.append("SELECT md5(g::text)::uuid FROM generate_series(0, 200) AS g")
        default: break
        }
        return parts.joined(separator: " UNION ALL ")
    }
}

/// The values in a partition's bound, in their order: `FOR VALUES FROM (…) TO (…)` or `IN (…)`.
struct PartitionBound {
    private(set) var literals: [String] = []

    /// Takes the constants out of the server's own deparsed text; `MINVALUE`, `MAXVALUE` and NULL
    /// hold no value and are left out of a list, but keep their place in a range as nothing usable.
    init(_ text: String) {
        guard text.hasPrefix("FOR VALUES FROM") || text.hasPrefix("FOR VALUES IN") else { return }
        var rest = Substring(text)
        while let first = rest.first {
            if rest.hasPrefix("true") || rest.hasPrefix("false") {
                let word = rest.prefix(while: \.isLetter)
                literals.append(String(word))
                rest.removeFirst(word.count)
            } else if first != "'", !first.isNumber, first != "-" {
                rest.removeFirst()
            } else if first == "'" {
                literals.append(Self.quoted(&rest))
            } else {
                let number = rest.prefix { $0.isNumber || "-.eE+".contains($0) }
                literals.append(String(number))
                rest.removeFirst(number.count)
            }
        }
    }

    private static func quoted(_ text: inout Substring) -> String {
        text.removeFirst()
        var value = ""
        while let character = text.popFirst() {
            if character == "'" {
                guard text.first == "'" else { break }
                text.removeFirst()
            }
            value.append(character)
        }
        return value
    }
}
