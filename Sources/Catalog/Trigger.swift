internal import Postgres

/// A user's trigger (`pg_trigger`).
package struct Trigger: Sendable, Hashable, CatalogRow {
    package let relation: OID
    package let name: String
    package let routine: OID
    package let isBefore: Bool
    package let firesOnInsert: Bool
    package let firesOnUpdate: Bool
    package let firesOnDelete: Bool
    package let isDeferrable: Bool
    package let isInitiallyDeferred: Bool
    package let isEnabled: Bool
    package let isForEachRow: Bool
    /// Whether a WHEN clause lets rows pass by.
    package let isConditional: Bool
    /// The columns of UPDATE OF, which alone make it fire; empty for all.
    package let updateColumns: [Int]

    /// Whether it fires on the event.
    package func fires(on event: Relation.Event) -> Bool {
        switch event {
        case .insert: firesOnInsert
        case .update: firesOnUpdate
        case .delete: firesOnDelete
        }
    }

    static func query(on version: Int) -> String {
        // Bits of tgtype: 1 ROW, 2 BEFORE, 4 INSERT, 8 DELETE, 16 UPDATE, 64 INSTEAD OF (src/include/catalog/pg_trigger.h).
        """
        SELECT t.tgrelid, t.tgname, t.tgfoid, t.tgtype & 66 <> 0, t.tgtype & 4 <> 0,
               t.tgdeferrable, t.tginitdeferred, t.tgenabled NOT IN ('D', 'R'),
               t.tgtype & 1 <> 0, t.tgqual IS NOT NULL, t.tgtype & 16 <> 0, t.tgtype & 8 <> 0,
               array_to_string(t.tgattr::int2[], ' ')
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE NOT t.tgisinternal AND \(Schema.isOurs("n"))
         ORDER BY t.tgrelid, t.tgname
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        relation = rows.oid(row, 0)
        name = rows.string(row, 1)
        routine = rows.oid(row, 2)
        isBefore = rows.isTrue(row, 3)
        firesOnInsert = rows.isTrue(row, 4)
        isDeferrable = rows.isTrue(row, 5)
        isInitiallyDeferred = rows.isTrue(row, 6)
        isEnabled = rows.isTrue(row, 7)
        isForEachRow = rows.isTrue(row, 8)
        isConditional = rows.isTrue(row, 9)
        firesOnUpdate = rows.isTrue(row, 10)
        firesOnDelete = rows.isTrue(row, 11)
        updateColumns = rows.string(row, 12).split(separator: " ").compactMap { Int($0) }
    }
}
