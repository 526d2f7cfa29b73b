package import Postgres
internal import Trials

/// Every object with an ACL, default privileges and the state of sequences.
///
/// Only the questions after a run ask for them, so they are read apart from `Snapshot`: a run does
/// not pay for them.
package struct ObjectCatalog: Sendable {
    /// Databases, tablespaces, languages, foreign data wrappers and servers, types, functions, large
    /// objects and parameters; by kind, schema, name.
    package let objects: [SecuredObject]
    package let defaultPrivileges: [DefaultPrivileges]
    package let sequences: [OID: SequenceState]
    package let definerRoutines: [OID: DefinerRoutine]
    /// The relations that a materialized view was filled from.
    package let materializedBases: [OID: [OID]]
    /// Whether the server checks no privilege on large objects (`lo_compat_privileges`).
    package let ignoresLargeObjectPrivileges: Bool
    /// Whether there are more large objects than were read.
    package let hasMoreLargeObjects: Bool

    /// Reads the catalog of the connected database in one round trip and one transaction; of large
    /// objects the one that is named, or the first 1,000; with the scope `privileges` the objects alone.
    ///
    /// - Throws: `server`, `connectionLost`.
    package static func read(
        _ scope: Snapshot.Scope = .everything,
        from connection: Connection,
        largeObject: OID? = nil
    ) throws(PostgresError) -> ObjectCatalog {
        let version = connection.serverVersion
        var queries = [
            SecuredObject.query(on: version, largeObject: largeObject),
            "SELECT current_setting('lo_compat_privileges')",
        ]
        if scope == .everything {
            queries += [
                DefaultPrivileges.query(on: version), SequenceState.query(on: version),
                DefinerRoutine.query(on: version), MaterializedBase.query(on: version),
            ]
        }
        var objects: [SecuredObject] = []
        var defaults: [DefaultPrivileges] = []
        var sequences: [SequenceState] = []
        var definers: [DefinerRoutine] = []
        var bases: [MaterializedBase] = []
        var ignoresLargeObjects = false
        do throws(PostgresError) {
            try connection.query(opening + queries + ["COMMIT"]) { index, rows in
                switch index - opening.count {
                case 0: objects = rows.values()
                case 1: ignoresLargeObjects = rows.text(0, 0) == "on"
                case 2 where scope == .everything: defaults = rows.values()
                case 3 where scope == .everything: sequences = rows.values()
                case 4 where scope == .everything: definers = rows.values()
                case 5 where scope == .everything: bases = rows.values()
                default: break
                }
            }
        } catch {
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            throw error
        }
        let largeObjects = objects.count { $0.kind == .largeObject }
        let hasMore = largeObjects > SecuredObject.mostLargeObjects
        if hasMore, let last = objects.lastIndex(where: { $0.kind == .largeObject }) {
            objects.remove(at: last)
        }
        return ObjectCatalog(
            objects: objects,
            defaultPrivileges: defaults,
            sequences: Dictionary(sequences.map { ($0.sequence, $0) }) { first, _ in first },
            definerRoutines: Dictionary(definers.map { ($0.oid, $0) }) { first, _ in first },
            materializedBases: Dictionary(grouping: bases, by: \.view).mapValues { $0.map(\.base) },
            ignoresLargeObjectPrivileges: ignoresLargeObjects,
            hasMoreLargeObjects: hasMore
        )
    }

    private static let opening = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL statement_timeout = '60s'",
        """
        SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
               pg_catalog.set_config('lock_timeout', '5s', true),
               pg_catalog.set_config('jit', 'off', true)
        """,
    ]
}

/// A relation that a materialized view was filled from (`pg_depend`).
private struct MaterializedBase: CatalogRow {
    let view: OID
    let base: OID

    static func query(on version: Int) -> String {
        """
        SELECT DISTINCT r.ev_class, d.refobjid
          FROM pg_depend d
          JOIN pg_rewrite r ON r.oid = d.objid
          JOIN pg_class m ON m.oid = r.ev_class AND m.relkind = 'm'
          JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND d.refobjid <> r.ev_class
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        view = rows.oid(row, 0)
        base = rows.oid(row, 1)
    }
}
