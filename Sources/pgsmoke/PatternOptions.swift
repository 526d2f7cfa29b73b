import ArgumentParser
import Catalog
import Postgres

/// Which relations to look at, in pg_dump's letters and patterns.
struct PatternOptions: ParsableArguments {
    @Option(
        name: [.customShort("n"), .customLong("schema")],
        help: ArgumentHelp("Only schemas that match (repeatable).", valueName: "pattern")
    )
    var schemas: [String] = []

    @Option(
        name: [.customShort("N"), .customLong("exclude-schema")],
        help: ArgumentHelp("No schemas that match (repeatable).", valueName: "pattern")
    )
    var excludedSchemas: [String] = []

    @Option(
        name: [.customShort("t"), .customLong("table")],
        help: ArgumentHelp("Only tables that match (repeatable).", valueName: "pattern")
    )
    var tables: [String] = []

    @Option(
        name: [.customShort("T"), .customLong("exclude-table")],
        help: ArgumentHelp("No tables that match (repeatable).", valueName: "pattern")
    )
    var excludedTables: [String] = []

    var selection: Selection {
        Selection(
            schemas: schemas,
            excludedSchemas: excludedSchemas,
            tables: tables,
            excludedTables: excludedTables
        )
    }

    /// Finds the relations.
    ///
    /// - Throws: `Misuse` for a pattern that cannot be read or matches nothing; `PostgresError`.
    func selected(
        in snapshot: Snapshot,
        with connection: Connection
    ) throws -> Selection.Resolved {
        do {
            return try selection.resolve(in: snapshot, with: connection)
        } catch let error as SelectionError {
            throw Misuse(error)
        }
    }
}
