internal import Postgres

/// A function or procedure that runs with its owner's rights (`SECURITY DEFINER`).
package struct DefinerRoutine: Sendable, Hashable, CatalogRow {
    package let oid: OID
    /// Whether its names mean the same to every caller: it sets a search_path of its own, or was
    /// compiled when it was made.
    package let hasFixedNames: Bool

    static func query(on version: Int) -> String {
        """
        SELECT p.oid,
               EXISTS (SELECT FROM unnest(p.proconfig) AS c WHERE c ~ '^search_path=')
               OR l.lanname IN ('c', 'internal')
               \(version >= 140_000 ? "OR p.prosqlbody IS NOT NULL" : "")
          FROM pg_proc p
          JOIN pg_language l ON l.oid = p.prolang
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE p.prosecdef AND \(Schema.isOurs("n"))
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        hasFixedNames = rows.isTrue(row, 1)
    }
}
