internal import Postgres
package import Trials

/// A table, view, sequence or their like (`pg_class`).
package struct Relation: Sendable, Hashable, CatalogRow {
    package let oid: OID
    package let schema: String
    package let schemaOID: OID
    package let name: String
    package let kind: ObjectKind
    package let owner: OID
    /// The relation's ACL, or the default one.
    package let acl: String
    package let isPartition: Bool
    /// The partitioned table that a partition belongs to.
    package let parent: OID?
    /// `FOR VALUES …` or `DEFAULT`, as the server deparses it.
    package let partitionBound: String?
    package let hasRowSecurity: Bool
    package let forcesRowSecurity: Bool
    /// What the server can write to it, for views by itself or by a trigger, one bit an event; `nil` if
    /// it was not asked because somebody holds the view locked.
    private let writableEvents: Int?
    /// Whether a view's base is read with the rights of whoever uses it (15 and later).
    package let isSecurityInvoker: Bool
    /// Whether statements on the relation are rewritten by rules, other than a view's own.
    package let hasRules: Bool
    /// The extension that the relation is a member of.
    package let `extension`: String?

    /// A way of writing to a relation.
    package enum Event: String, Sendable, Hashable {
        case insert
        case update
        case delete

        /// The bit that `pg_relation_is_updatable` sets for it (1 << CmdType, src/include/nodes/nodes.h).
        fileprivate var bit: Int {
            switch self {
            case .update: 4
            case .insert: 8
            case .delete: 16
            }
        }
    }

    /// Whether the server can carry the event out; `nil` if it was not asked because somebody holds the
    /// view locked.
    package func accepts(_ event: Event) -> Bool? { writableEvents.map { $0 & event.bit != 0 } }

    /// Whether the server can carry out an INSERT.
    package var acceptsInsert: Bool? { accepts(.insert) }

    package var objectName: ObjectName { ObjectName(kind: kind, schema: schema, name: name) }

    static func query(on version: Int) -> String {
        """
        \(Relation.locked),
        \(Relation.blocked)
        SELECT c.oid, n.nspname, c.relnamespace, c.relname, c.relkind, c.relowner,
               array_to_string(coalesce(c.relacl, acldefault(
                   CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)), E'\\n'),
               c.relispartition, i.inhparent,
               CASE WHEN c.relispartition AND c.oid NOT IN (SELECT relation FROM locked)
                    THEN pg_get_expr(c.relpartbound, c.oid) END,
               c.relrowsecurity, c.relforcerowsecurity,
               CASE WHEN c.relkind <> 'v'
                    THEN CASE WHEN c.relkind IN ('r', 'p', 'f') THEN 28 ELSE 0 END
                    WHEN c.oid NOT IN (SELECT relation FROM blocked)
                    THEN pg_relation_is_updatable(c.oid, true) END,
               c.relkind = 'v' AND EXISTS (
                   SELECT FROM unnest(c.reloptions) AS o
                    WHERE o ~* '^security_invoker=(t|true|y|yes|on|1)$'),
               c.relhasrules AND (c.relkind <> 'v' OR EXISTS (
                   SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type <> '1')),
               e.extname
          FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_inherits i ON c.relispartition AND i.inhrelid = c.oid
          LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
                               AND d.objsubid = 0 AND d.deptype = 'e'
          LEFT JOIN pg_extension e ON e.oid = d.refobjid
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND \(Schema.isOurs("n"))
         ORDER BY n.nspname, c.relname
        """
    }

    /// The relations that others hold, or wait for, so firmly that even deparsing an expression would
    /// wait.
    static let locked = """
        WITH RECURSIVE locked AS MATERIALIZED (
            SELECT l.relation
              FROM pg_locks l
             WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
               AND l.pid IS DISTINCT FROM pg_backend_pid()
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        )
        """

    /// Those, and the views that stand on them.
    static let blocked = """
        blocked AS (
            SELECT relation FROM locked
            UNION
            SELECT r.ev_class
              FROM blocked b
              JOIN pg_depend d ON d.refobjid = b.relation AND d.refclassid = 'pg_class'::regclass
                              AND d.classid = 'pg_rewrite'::regclass
              JOIN pg_rewrite r ON r.oid = d.objid
        )
        """

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        schema = rows.string(row, 1)
        schemaOID = rows.oid(row, 2)
        name = rows.string(row, 3)
        kind =
            switch rows.string(row, 4) {
            case "p": .partitionedTable
            case "v": .view
            case "m": .materializedView
            case "f": .foreignTable
            case "S": .sequence
            default: .table
            }
        owner = rows.oid(row, 5)
        acl = rows.string(row, 6)
        isPartition = rows.isTrue(row, 7)
        parent = rows.text(row, 8).flatMap { OID($0) }
        partitionBound = rows.text(row, 9)
        hasRowSecurity = rows.isTrue(row, 10)
        forcesRowSecurity = rows.isTrue(row, 11)
        writableEvents = rows.text(row, 12).flatMap { Int($0) }
        isSecurityInvoker = rows.isTrue(row, 13)
        hasRules = rows.isTrue(row, 14)
        `extension` = rows.text(row, 15)
    }
}
