internal import Catalog
internal import Postgres

/// Where the sequences stand, as far as the connecting role may see it.
///
/// What code draws before it fails leaves no lock to see; under `preserve` a sequence that moved is
/// said all the same.
struct SequenceWatch {
    private let values: [OID: String]

    /// Reads every sequence that the role may read (manual, 53.26, pg_sequences).
    init(over connection: Connection) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT c.oid,
                   CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE, SELECT')
                        THEN pg_catalog.pg_sequence_last_value(c.oid) END
              FROM pg_catalog.pg_class AS c
             WHERE c.relkind = 'S' AND c.relpersistence <> 't'
            """
        )
        var values: [OID: String] = [:]
        for row in rows {
            if let oid = row[0].flatMap({ OID($0) }) { values[oid] = row[1] ?? "" }
        }
        self.values = values
    }

    /// The sequences that stand elsewhere than before.
    func moved(since before: SequenceWatch) -> Set<OID> {
        Set(values.filter { oid, value in before.values[oid].map { $0 != value } ?? false }.keys)
    }
}
