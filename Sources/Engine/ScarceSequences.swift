internal import Catalog
internal import Postgres

extension LaneRunner {
    /// Of sequences that trials would use up values of, those that have few left, each with how many.
    ///
    /// The application must find some when the run is over; one that has none left has none to lose.
    /// Where the connecting role cannot look, or would have to wait, the sequence counts as unused.
    func scarce(
        _ sequences: [Relation]
    ) throws(PostgresError) -> [(sequence: Relation, left: Int)] {
        guard !sequences.isEmpty else { return [] }
        let list = sequences.map { String($0.oid) }.joined(separator: ", ")
        let rows = try connection.execute(
            """
            SELECT s.seqrelid, pg_catalog.floor(v.span / s.seqincrement)::pg_catalog.text
              FROM pg_catalog.pg_sequence AS s
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN pg_catalog.has_sequence_privilege(s.seqrelid, 'USAGE, SELECT')
                                    AND NOT EXISTS (
                                        SELECT FROM pg_catalog.pg_locks AS l
                                         WHERE l.relation = s.seqrelid AND l.granted
                                           AND l.database = \(context.snapshot.server.databaseOID)
                                           AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
                                           AND l.mode NOT IN ('AccessShareLock', 'RowShareLock',
                                                              'RowExclusiveLock'))
                               THEN pg_catalog.pg_sequence_last_value(s.seqrelid)
                          END::pg_catalog.numeric AS last
                   ) AS k
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN s.seqincrement > 0 THEN s.seqmax ELSE s.seqmin END
                          - COALESCE(k.last, s.seqstart - s.seqincrement::pg_catalog.numeric) AS span
                   ) AS v
             WHERE s.seqrelid IN (\(list)) AND NOT s.seqcycle
               AND v.span / s.seqincrement >= 1
               AND v.span / s.seqincrement
                   < \(Self.reserve) * s.seqcache::pg_catalog.numeric
            """
        )
        return rows.compactMap { row in
            guard let oid = row[0].flatMap({ OID($0) }), let left = row[1].flatMap({ Int($0) }),
                let sequence = sequences.first(where: { $0.oid == oid })
            else { return nil }
            return (sequence, left)
        }
    }

    /// How many calls of `nextval` must be left in a sequence that trials draw from for good.
    private static let reserve = 100
}
