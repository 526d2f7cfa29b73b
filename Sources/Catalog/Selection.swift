package import Postgres

/// Which relations the user asked for: pg_dump's `-n -N -t -T`, which here intersect.
package struct Selection: Sendable, Hashable {
    package var schemas: [String]
    package var excludedSchemas: [String]
    package var tables: [String]
    package var excludedTables: [String]

    package init(
        schemas: [String] = [],
        excludedSchemas: [String] = [],
        tables: [String] = [],
        excludedTables: [String] = []
    ) {
        self.schemas = schemas
        self.excludedSchemas = excludedSchemas
        self.tables = tables
        self.excludedTables = excludedTables
    }

    /// What a selection came to in one database.
    package struct Resolved: Sendable, Hashable {
        /// The relations that are asked for; `nil` for all.
        package var included: Set<OID>?
        package var excluded: Set<OID>

        package static let everything = Resolved(included: nil, excluded: [])
    }

    /// Finds the relations, matching the patterns with the server's own regular expressions.
    ///
    /// - Throws: `SelectionError` for a pattern that cannot be read or matches nothing;
    ///   `PostgresError`.
    package func resolve(
        in snapshot: Snapshot,
        with connection: Connection
    ) throws -> Resolved {
        let patterns =
            try schemas.map { try Wanted(.schema, $0, in: snapshot) }
            + excludedSchemas.map { try Wanted(.excludedSchema, $0, in: snapshot) }
            + tables.map { try Wanted(.table, $0, in: snapshot) }
            + excludedTables.map { try Wanted(.excludedTable, $0, in: snapshot) }
        guard !patterns.isEmpty else { return .everything }
        let matches = try Self.matches(of: patterns, with: connection)

        func found(_ option: Option, where isKept: (OID) -> Bool = { _ in true }) throws -> Set<
            OID
        >? {
            var union: Set<OID>?
            for (pattern, matches) in zip(patterns, matches) where pattern.option == option {
                let kept = matches.filter(isKept)
                guard !kept.isEmpty else {
                    throw SelectionError.matchesNothing(option.rawValue, pattern.text)
                }
                union = (union ?? []).union(kept)
            }
            return union
        }
        let includedSchemas = try found(.schema)
        let excludedSchemas = try found(.excludedSchema)
        let includedTables = try found(.table) { table in
            guard let includedSchemas, let relation = snapshot.relations[table] else { return true }
            return includedSchemas.contains(relation.schemaOID)
        }
        let excludedTables = try found(.excludedTable) ?? []
        func relations(in schemas: Set<OID>) -> Set<OID> {
            Set(snapshot.orderedRelations.filter { schemas.contains($0.schemaOID) }.map(\.oid))
        }
        return Resolved(
            included: includedTables ?? includedSchemas.map(relations(in:)),
            excluded: excludedTables.union(excludedSchemas.map(relations(in:)) ?? [])
        )
    }

    private enum Option: String {
        case schema = "--schema"
        case excludedSchema = "--exclude-schema"
        case table = "--table"
        case excludedTable = "--exclude-table"
    }

    /// A pattern with the option it came by, taken apart into a schema's and a relation's.
    private struct Wanted {
        let option: Option
        let text: String
        let schema: String?
        let relation: String?

        init(_ option: Option, _ text: String, in snapshot: Snapshot) throws {
            self.option = option
            self.text = text
            let parts = NamePattern(text).parts
            switch option {
            case .schema, .excludedSchema:
                guard parts.count == 1 else {
                    throw SelectionError.tooManyDots(option.rawValue, text)
                }
                schema = parts[0]
                relation = nil
            case .table, .excludedTable:
                guard parts.count <= 2 else {
                    throw SelectionError.tooManyDots(option.rawValue, text)
                }
                schema = parts.count == 2 ? parts[0] : nil
                relation = parts.last
            }
        }

        /// The query for the schemas, or the relations, that the pattern matches.
        func query(for connection: Connection) throws(PostgresError) -> String {
            var conditions = [Schema.isOurs("n")]
            if let schema {
                conditions.append(try Self.condition("n.nspname", schema, connection))
            }
            guard let relation else {
                return """
                    SELECT n.oid FROM pg_catalog.pg_namespace n
                     WHERE \(conditions.joined(separator: " AND "))
                    """
            }
            conditions.append("c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')")
            conditions.append(try Self.condition("c.relname", relation, connection))
            return """
                SELECT c.oid
                  FROM pg_catalog.pg_class c
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE \(conditions.joined(separator: " AND "))
                """
        }

        private static func condition(
            _ name: String,
            _ expression: String,
            _ connection: Connection
        ) throws(PostgresError) -> String {
            let literal = try connection.quoted(literal: expression)
            return "\(name) OPERATOR(pg_catalog.~) \(literal) COLLATE pg_catalog.default"
        }
    }

    /// Returns, for each pattern of tables, the relations that it matches.
    ///
    /// - Throws: `SelectionError` for a pattern that cannot be read; `PostgresError`.
    package static func relations(
        matching patterns: [String],
        in snapshot: Snapshot,
        with connection: Connection
    ) throws -> [Set<OID>] {
        try matches(of: patterns.map { try Wanted(.table, $0, in: snapshot) }, with: connection)
    }

    /// Returns, for each pattern, the schemas or the relations that it matches, in one round trip.
    private static func matches(
        of patterns: [Wanted],
        with connection: Connection
    ) throws -> [Set<OID>] {
        guard !patterns.isEmpty else { return [] }
        var queries: [String] = []
        for pattern in patterns { queries.append(try pattern.query(for: connection)) }
        var matches: [Set<OID>] = []
        do throws(PostgresError) {
            try connection.query(queries) { _, rows in
                matches.append(Set((0..<rows.count).map { rows.oid($0, 0) }))
            }
        } catch {
            // 2201B: the server cannot read the regular expression.
            if case .server(let answer) = error, answer.sqlState.conditionClass == "22",
                patterns.indices.contains(matches.count)
            {
                let culprit = patterns[matches.count]
                throw SelectionError.unreadable(culprit.option.rawValue, culprit.text)
            }
            throw error
        }
        return matches
    }
}

/// A pattern that selects nothing, or cannot.
package enum SelectionError: Error, Sendable, Hashable {
    case matchesNothing(_ option: String, _ pattern: String)
    case tooManyDots(_ option: String, _ pattern: String)
    case unreadable(_ option: String, _ pattern: String)

    /// The option that the pattern came by.
    package var option: String {
        switch self {
        case .matchesNothing(let option, _), .tooManyDots(let option, _),
            .unreadable(let option, _):
            option
        }
    }

    package var pattern: String {
        switch self {
        case .matchesNothing(_, let pattern), .tooManyDots(_, let pattern),
            .unreadable(_, let pattern):
            pattern
        }
    }
}
