package import Catalog
package import Postgres
internal import Trials

extension Lookup {
    /// Reads the keys of parents that are there already: of all parents that the relations, and
    /// those parents in turn, must refer to, one key each, many tables in one query.
    ///
    /// - Throws: `connectionLost`. What cannot be read is taken for not there.
    package func parents(for relations: [Relation]) throws(PostgresError) -> ExistingParents {
        try parents(with: requiredKeys(of: relations))
    }

    /// The keys over which the relations hang on parents without a way out, but for those of tables whose
    /// file holds nothing.
    ///
    /// - Throws: `connectionLost`.
    package func requiredKeys(of relations: [Relation]) throws(PostgresError) -> [ParentKey] {
        // A scan of a partitioned table would lock every partition.
        let keys = snapshot.requiredParentKeys(of: relations).filter {
            snapshot.relations[$0.relation]?.kind == .table
        }
        let empty = try emptyTables(among: Set(keys.map(\.relation)))
        return keys.filter { !empty.contains($0.relation) }
    }

    /// Reads one key each of parents that are there already.
    ///
    /// - Throws: `connectionLost`. What cannot be read is taken for not there.
    package func parents(with keys: [ParentKey]) throws(PostgresError) -> ExistingParents {
        var byReader: [Reader: [ParentKey]] = [:]
        for key in keys {
            guard let parent = snapshot.relations[key.relation] else { continue }
            byReader[reader(parent), default: []].append(key)
        }
        var found = ExistingParents.none
        for (reader, keys) in byReader {
            // Each table and each of its indexes is a lock until the transaction's end.
            for start in stride(from: 0, to: keys.count, by: 8) {
                try read(keys[start..<min(start + 8, keys.count)], as: reader, into: &found)
            }
        }
        return found
    }

    /// The tables whose file holds nothing, which nobody need read: after the migrations of an empty
    /// database these are all.
    private func emptyTables(among tables: Set<OID>) throws(PostgresError) -> Set<OID> {
        guard !tables.isEmpty else { return [] }
        let list = tables.sorted().map(String.init).joined(separator: ",")
        let query = """
            SELECT t.oid FROM pg_catalog.unnest('{\(list)}'::pg_catalog.oid[]) AS t(oid)
             WHERE pg_catalog.pg_relation_size(t.oid) = 0
            """
        let rows = try rows(of: query, as: .connectingRole) ?? []
        return Set(rows.compactMap { $0[0].flatMap { OID($0) } })
    }

    private func read(
        _ keys: ArraySlice<ParentKey>,
        as reader: Reader,
        into found: inout ExistingParents
    ) throws(PostgresError) {
        var queries: [String] = []
        for (number, key) in keys.enumerated() {
            queries.append("(\(try query(for: key, number: number)))")
        }
        guard let rows = try rows(of: queries.joined(separator: "\nUNION ALL\n"), as: reader) else {
            // One of them is locked or closed: the halves show which.
            guard keys.count > 1, reader != .nobody else { return }
            let middle = keys.startIndex + keys.count / 2
            try read(keys[..<middle], as: reader, into: &found)
            try read(keys[middle...], as: reader, into: &found)
            return
        }
        for row in rows {
            guard let number = row[0].flatMap({ Int($0) }), let text = row[1] else { continue }
            let key = keys[keys.startIndex + number]
            let values = text.split(separator: "\u{1F}", omittingEmptySubsequences: false)
            // A key that holds the separator itself is not taken.
            guard values.count == key.columns.count else { continue }
            found.values[key] = values.map(String.init)
        }
    }

    /// Reads some keys of one parent, each as text in the order of its columns: of those rows alone that
    /// have the values.
    ///
    /// - Throws: `connectionLost`. What cannot be read is taken for not there.
    func tuples(
        of key: ParentKey,
        with values: [Int: String] = [:],
        limit: Int
    ) throws(PostgresError) -> [[String]] {
        guard let parent = snapshot.relations[key.relation], parent.kind == .table else {
            return []
        }
        var names: [String] = []
        for number in key.columns {
            guard let column = snapshot.column(number, of: parent.oid) else { return [] }
            names.append("t.\(try connection.quoted(identifier: column.name))")
        }
        let texts = names.map { "\($0)::pg_catalog.text" }.joined(separator: ", ")
        var conditions = names.map { "\($0) IS NOT NULL" }
        for (number, text) in values.sorted(by: { $0.key < $1.key }) {
            guard let column = snapshot.column(number, of: parent.oid) else { return [] }
            conditions.append(
                "t.\(try connection.quoted(identifier: column.name)) = "
                    + (try connection.quoted(literal: text))
            )
        }
        let present = conditions.joined(separator: " AND ")
        let query = """
            SELECT \(texts) FROM ONLY \(try quotedName(of: parent)) AS t
             WHERE \(present)\(try order(of: key)) LIMIT \(limit)
            """
        return (try rows(of: query, as: reader(parent)) ?? []).map { $0.map { $0 ?? "" } }
    }

    private func query(for key: ParentKey, number: Int) throws(PostgresError) -> String {
        guard let parent = snapshot.relations[key.relation] else { return "SELECT NULL, NULL" }
        var names: [String] = []
        for number in key.columns {
            guard let column = snapshot.column(number, of: parent.oid) else { continue }
            names.append("t.\(try connection.quoted(identifier: column.name))")
        }
        let list = names.map { "\($0)::pg_catalog.text" }.joined(separator: " || E'\\x1F' || ")
        let present = names.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
        return """
            SELECT \(number), \(list) FROM ONLY \(try quotedName(of: parent)) AS t
             WHERE \(present)\(try order(of: key)) LIMIT 1
            """
    }

    /// The order of the index behind a key, which finds a row without passing over those that were
    /// deleted or have no key.
    private func order(of key: ParentKey) throws(PostgresError) -> String {
        let numbers = Set(key.columns)
        let index = (snapshot.uniqueIndexes[key.relation] ?? []).first {
            !$0.isPartial && Set($0.columns) == numbers
        }
        guard let index else { return "" }
        var names: [String] = []
        for number in index.columns {
            guard let column = snapshot.column(number, of: key.relation) else { return "" }
            names.append("t.\(try connection.quoted(identifier: column.name))")
        }
        return " ORDER BY \(names.joined(separator: ", "))"
    }
}

extension Snapshot {
    /// The keys over which the relations hang on parents without a way out, in a stable order.
    func requiredParentKeys(of relations: [Relation]) -> [ParentKey] {
        var keys: [ParentKey] = []
        var seen: Set<ParentKey> = []
        var pending = relations.map(\.oid)
        var visited = Set(pending)
        while let relation = pending.popLast() {
            for key in requiredForeignKeys(of: relation) {
                let parent = ParentKey(
                    relation: key.referencedRelation,
                    columns: key.referencedColumns
                )
                if seen.insert(parent).inserted { keys.append(parent) }
                if visited.insert(parent.relation).inserted { pending.append(parent.relation) }
            }
        }
        return keys
    }

    /// The columns that foreign keys of a relation bind.
    func foreignKeyColumns(of relation: OID) -> Set<Int> {
        Set((constraints[relation] ?? []).filter { $0.kind == .foreignKey }.flatMap(\.columns))
    }

    /// The foreign keys that a new row of a relation cannot leave empty.
    ///
    /// With MATCH SIMPLE one NULL suffices to leave a key out; with MATCH FULL all must be NULL.
    func requiredForeignKeys(of relation: OID) -> [Constraint] {
        (constraints[relation] ?? []).filter { key in
            key.kind == .foreignKey
                && (key.isMatchFull
                    ? key.columns.contains { !mayBeNull(relation, $0) }
                    : key.columns.allSatisfy { !mayBeNull(relation, $0) })
        }
    }

    /// The relations that a new row needs parents in, and that those need parents in.
    package func requiredParents(of relation: OID) -> [OID] {
        var found: [OID] = []
        var visited: Set<OID> = [relation]
        var pending = [relation]
        while let next = pending.popLast() {
            for key in requiredForeignKeys(of: next)
            where visited.insert(key.referencedRelation).inserted {
                found.append(key.referencedRelation)
                pending.append(key.referencedRelation)
            }
        }
        return found
    }

    private func mayBeNull(_ relation: OID, _ number: Int) -> Bool {
        guard let column = column(number, of: relation) else { return false }
        return !column.isNotNull && !column.hasDefault && !column.isIdentity
            && !domainsRefuseNull(column.type)
    }

    /// Whether a type is a domain that is, or is over one that is, NOT NULL.
    func domainsRefuseNull(_ type: OID) -> Bool {
        guard let type = types[type], case .domain(let base, _) = type.form else { return false }
        return type.isNotNull || domainsRefuseNull(base)
    }
}
