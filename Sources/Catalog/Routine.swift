internal import Postgres
package import Trials

/// A function or procedure of the users', one that an expression of theirs calls, or one of the
/// server's own that is closed to the public (`pg_proc`).
package struct Routine: Sendable, Hashable, CatalogRow {
    package let oid: OID
    package let schema: String
    package let name: String
    /// The argument types as GRANT wants them.
    package let arguments: String
    package let owner: OID
    package let acl: String
    package let isSecurityDefiner: Bool
    package let isProcedure: Bool
    /// Whether it comes with the server.
    package let isBuiltIn: Bool
    /// The body, in whatever language it is written.
    package let source: String

    package var objectName: ObjectName {
        ObjectName(
            kind: isProcedure ? .procedure : .function,
            schema: schema,
            name: "\(name)(\(arguments))",
            routineName: name
        )
    }

    static func query(on version: Int) -> String {
        """
        SELECT p.oid, n.nspname, p.proname, oidvectortypes(p.proargtypes), p.proowner,
               array_to_string(coalesce(p.proacl, acldefault('f', p.proowner)), E'\\n'),
               p.prosecdef, p.prokind = 'p', n.nspname = 'pg_catalog',
               \(version >= 140_000
            ? "coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)" : "p.prosrc")
          FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'pg_catalog' AND p.proacl IS NOT NULL
           AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS g WHERE g.grantee = 0)
            OR n.nspname <> 'pg_catalog'
           AND (\(Schema.isOurs("n"))
                AND NOT EXISTS (SELECT FROM pg_depend e
                                 WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                                   AND e.deptype = 'e')
                OR p.oid IN (SELECT tgfoid FROM pg_trigger WHERE NOT tgisinternal)
                OR p.oid IN (SELECT refobjid FROM pg_depend
                              WHERE refclassid = 'pg_proc'::regclass
                                AND classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass,
                                                'pg_class'::regclass, 'pg_policy'::regclass,
                                                'pg_proc'::regclass)))
        """
    }

    init(_ rows: borrowing Rows, _ row: Int) {
        oid = rows.oid(row, 0)
        schema = rows.string(row, 1)
        name = rows.string(row, 2)
        arguments = rows.string(row, 3)
        owner = rows.oid(row, 4)
        acl = rows.string(row, 5)
        isSecurityDefiner = rows.isTrue(row, 6)
        isProcedure = rows.isTrue(row, 7)
        isBuiltIn = rows.isTrue(row, 8)
        source = isBuiltIn ? "" : rows.string(row, 9)
    }
}
