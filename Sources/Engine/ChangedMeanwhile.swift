internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Tells a statement that was wrong from one whose table somebody else changed meanwhile.
    ///
    /// Returns the record with that as its reason if the relation or a column that the statement names
    /// is not what the catalog said when it was read.
    func checked(_ record: Record, against draft: RowDraft) throws(PostgresError) -> Record {
        guard record.problem == .invalidStatement else { return record }
        let relation = draft.row.relation
        let schema = try connection.quoted(literal: relation.schema)
        let name = try connection.quoted(literal: relation.name)
        let numbers = draft.named.sorted().map(String.init).joined(separator: ", ")
        let rows = try connection.execute(
            """
            SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute AS a
                     WHERE a.attrelid = c.oid AND NOT a.attisdropped
                       AND a.attnum = ANY ('{\(numbers)}'::pg_catalog.int2[]))
              FROM pg_catalog.pg_class AS c
              JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.oid = \(relation.oid) AND c.relname = \(name) AND n.nspname = \(schema)
            """
        )
        let isThere = rows.first?[0] == String(draft.named.count)
        guard !isThere else { return record }
        var record = record
        record.reason =
            rows.isEmpty
            ? "the relation was dropped or renamed while the run was on; run pgsmoke when the "
                + "migration is done"
            : "a column was dropped while the run was on; run pgsmoke when the migration is done"
        return record
    }
}
