internal import Postgres

/// Where a sequence stands within its bounds (`pg_sequence`).
package struct SequenceState: Sendable, Hashable, CatalogRow {
    package let sequence: OID
    package let increment: Int
    package let minimum: Int
    package let maximum: Int
    package let startsAgain: Bool
    package let start: Int
    /// Whether the connecting role may look at the value, and could without waiting.
    package let isKnown: Bool
    /// The last value given out; `nil` before the first.
    package let lastValue: Int?

    static func query(on version: Int) -> String {
        // Looking at the value waits for whoever alters the sequence.
        """
        WITH held AS MATERIALIZED (
            SELECT l.relation
              FROM pg_locks l
             WHERE l.locktype = 'relation' AND l.pid IS DISTINCT FROM pg_backend_pid()
               AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                              'AccessExclusiveLock')
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        )
        SELECT s.seqrelid, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle, s.seqstart, k.is_known,
               CASE WHEN k.is_known THEN pg_sequence_last_value(s.seqrelid) END
          FROM pg_sequence s
          JOIN pg_class c ON c.oid = s.seqrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL (
               SELECT NOT pg_is_in_recovery()
                      AND s.seqrelid NOT IN (SELECT relation FROM held)
                      AND has_sequence_privilege(s.seqrelid, 'USAGE, SELECT')
               ) AS k (is_known)
         WHERE \(Schema.isOurs("n"))
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        sequence = rows.oid(row, 0)
        increment = rows.integer(row, 1)
        minimum = rows.integer(row, 2)
        maximum = rows.integer(row, 3)
        startsAgain = rows.isTrue(row, 4)
        start = rows.integer(row, 5)
        isKnown = rows.isTrue(row, 6)
        lastValue = rows.text(row, 7).flatMap { Int($0) }
    }

    /// What the next `nextval` will give; beyond `Int` nothing is given.
    package var next: Int? {
        guard let lastValue else { return start }
        let (next, isBeyond) = lastValue.addingReportingOverflow(increment)
        return isBeyond ? nil : next
    }
}
