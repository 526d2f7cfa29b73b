internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// Tables whose rows cannot be deleted without reading another table from end to end.
struct SlowDeletes: Sendable {
    /// The table that would be read, by the table that it refers to.
    private(set) var scanned: [OID: OID] = [:]

    /// No table is known to be slow.
    init() {}

    /// Looks for keys without an index whose table holds over a million rows by its statistics.
    init(over connection: Connection) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT k.confrelid, k.conrelid
              FROM pg_catalog.pg_constraint AS k
              JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
             WHERE k.contype = 'f' AND c.reltuples > \(Self.most)
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_index AS i
                    WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
                      AND (i.indkey::pg_catalog.int2[])[0:pg_catalog.cardinality(k.conkey) - 1]
                          OPERATOR(pg_catalog.@>) k.conkey)
             ORDER BY k.confrelid, c.reltuples DESC
            """
        )
        for row in rows {
            guard let parent = row[0].flatMap({ OID($0) }), let child = row[1].flatMap({ OID($0) })
            else { continue }
            if scanned[parent] == nil { scanned[parent] = child }
        }
    }

    private static let most = 1_000_000
}

extension LaneRunner {
    /// The record of a delete that would take too long; `nil` for all others.
    func tooSlow(_ trial: Trial, on relation: Relation) -> Record? {
        guard trial.operation == .delete, trial.expected == .allowed,
            let child = context.slowDeletes.scanned[relation.oid]
        else { return nil }
        let name = context.snapshot.relations[child]?.objectName.displayed ?? "another table"
        return Record(
            trial: trial,
            verdict: .skipped,
            reason:
                "to delete a row the server would read all of \(name), which refers to it without "
                + "an index and holds over a million rows",
            decidedBy: .catalog
        )
    }
}
