internal import Postgres
package import Trials

/// An object with an ACL, whatever its kind.
package struct SecuredObject: Sendable, Hashable, CatalogRow {
    package let oid: OID
    package let kind: ObjectKind
    /// 0 for objects outside schemas.
    package let schemaOID: OID
    package let schema: String?
    package let name: String
    package let owner: OID
    /// The object's ACL, or the default one.
    package let acl: String
    /// Whether nothing was ever granted or revoked, so that the server's defaults hold.
    package let hasDefaultACL: Bool
    /// Whether the object came with an extension.
    package let isExtensionMember: Bool
    /// Of a language, `untrusted`; of a parameter, who may set it without any grant.
    package let detail: String?

    package var objectName: ObjectName { ObjectName(kind: kind, schema: schema, name: name) }

    package init(_ relation: Relation) {
        oid = relation.oid
        kind = relation.kind
        schemaOID = relation.schemaOID
        schema = relation.schema
        name = relation.name
        owner = relation.owner
        acl = relation.acl
        hasDefaultACL = false
        isExtensionMember = relation.extension != nil
        detail = nil
    }

    package init(_ schema: Schema) {
        oid = schema.oid
        kind = .schema
        schemaOID = 0
        self.schema = nil
        name = schema.name
        owner = schema.owner
        acl = schema.acl
        hasDefaultACL = false
        isExtensionMember = schema.extension != nil
        detail = nil
    }

    static func query(on version: Int) -> String { query(on: version, largeObject: nil) }

    /// How many large objects are read at most; a database can hold millions.
    static let mostLargeObjects = 1_000

    /// The query for everything that `Snapshot` has no use for; of large objects for the one that is
    /// named, or the first of all.
    static func query(on version: Int, largeObject: OID?) -> String {
        """
        SELECT kind, oid, schema_oid, schema, name, owner,
               array_to_string(coalesce(acl, default_acl), E'\\n'), acl IS NULL, is_member, detail
          FROM (
        SELECT 'database', oid, 0, NULL, datname, datdba, datacl, acldefault('d', datdba), false,
               NULL
          FROM pg_database
         WHERE NOT datistemplate OR datname = current_database()
        UNION ALL
        SELECT 'tablespace', oid, 0, NULL, spcname, spcowner, spcacl, acldefault('t', spcowner),
               false, NULL
          FROM pg_tablespace
        UNION ALL
        SELECT 'language', oid, 0, NULL, lanname, lanowner, lanacl, acldefault('l', lanowner),
               \(isMember("pg_language", "oid")), CASE WHEN NOT lanpltrusted THEN 'untrusted' END
          FROM pg_language
        UNION ALL
        SELECT 'foreign data wrapper', oid, 0, NULL, fdwname, fdwowner, fdwacl,
               acldefault('F', fdwowner), \(isMember("pg_foreign_data_wrapper", "oid")), NULL
          FROM pg_foreign_data_wrapper
        UNION ALL
        SELECT 'foreign server', oid, 0, NULL, srvname, srvowner, srvacl,
               acldefault('S', srvowner), \(isMember("pg_foreign_server", "oid")), NULL
          FROM pg_foreign_server
        UNION ALL
        SELECT CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, t.oid, n.oid, n.nspname,
               t.typname, t.typowner, t.typacl, acldefault('T', t.typowner),
               \(isMember("pg_type", "t.oid")), NULL
          FROM pg_type t
          JOIN pg_namespace n ON n.oid = t.typnamespace
          LEFT JOIN pg_class c ON c.oid = t.typrelid
         WHERE \(Schema.isOurs("n")) AND t.typtype IN ('b', 'c', 'd', 'e', 'r')
           AND (t.typrelid = 0 OR c.relkind = 'c')
           AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
        UNION ALL
        SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.oid, n.oid,
               n.nspname, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', p.proowner,
               p.proacl, acldefault('f', p.proowner), \(isMember("pg_proc", "p.oid")), NULL
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE \(Schema.isOurs("n")) OR n.nspname = 'pg_catalog' AND p.proacl IS NOT NULL
        UNION ALL
        (SELECT 'large object', l.oid, 0, NULL, l.oid::text, lomowner, lomacl,
                acldefault('L', lomowner), false, NULL
           FROM pg_largeobject_metadata l
          \(largeObject.map { "WHERE l.oid = \($0)" } ?? "ORDER BY l.oid LIMIT \(mostLargeObjects + 1)"))
        \(version >= 150_000 ? parameters : "")
               ) AS o (kind, oid, schema_oid, schema, name, owner, acl, default_acl, is_member, detail)
         ORDER BY kind COLLATE "C", schema COLLATE "C", name COLLATE "C"
        """
    }

    /// From 15; a parameter without grants has no row of its own, and no owner but the server's.
    private static let parameters = """
        UNION ALL
        SELECT 'parameter', coalesce(p.oid, 0), 0, NULL, coalesce(p.parname, lower(s.name)), 10,
               p.paracl, acldefault('p', 10), false, s.context
          FROM pg_settings s
          FULL JOIN pg_parameter_acl p ON p.parname = lower(s.name)
        """

    private static func isMember(_ catalog: String, _ oid: String) -> String {
        """
        EXISTS (SELECT FROM pg_depend d
                 WHERE d.classid = '\(catalog)'::regclass AND d.objid = \(oid) AND d.deptype = 'e')
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        kind = ObjectKind(rawValue: rows.string(row, 0)) ?? .type
        oid = rows.oid(row, 1)
        schemaOID = rows.oid(row, 2)
        schema = rows.text(row, 3)
        name = rows.string(row, 4)
        owner = rows.oid(row, 5)
        acl = rows.string(row, 6)
        hasDefaultACL = rows.isTrue(row, 7)
        isExtensionMember = rows.isTrue(row, 8)
        detail = rows.text(row, 9)
    }
}
