internal import Catalog
internal import Trials

extension Rule {
    static let owningRole = Rule(
        "role-owns-tables",
        .warning,
        "An application role owns the tables that it works with.",
        page: """
            An owner can alter, drop and grant its tables, row security does not hold for it unless it \
            is forced, and no forgotten grant shows while the application works as the owner. A role \
            that owns tables to which other roles write is taken for the one that migrates, and not \
            reported.

            Let a NOLOGIN role own the tables and grant the application what it needs.
            """
    ) { subject in
        let inUse = Set(subject.inUse.map(\.oid))
        let candidates = subject.inUse + subject.roles.filter { !inUse.contains($0.oid) }
        return candidates.compactMap { role in
            guard !role.isSuperuser, let principal = subject.principals[role.oid] else {
                return nil
            }
            let alone = subject.relations.filter { relation in
                relation.kind != .view && principal.effectiveRoles.contains(relation.owner)
                    && subject.snapshot.roles[relation.owner]?.isSuperuser == false
                    && !candidates.contains { subject.writes($0, to: relation) }
            }
            guard !alone.isEmpty else { return nil }
            let direct = alone.filter { $0.owner == role.oid }
            let through = Set(alone.map(\.owner)).subtracting([role.oid])
            let how =
                direct.isEmpty
                ? "it inherits from \(subject.listed(through.map(subject.snapshot.roleName).sorted())), "
                    + "which owns" : "it owns"
            return Remark(
                object: subject.object(role),
                reason:
                    "\(how) \(subject.listed(alone.map(\.name))), and no other role writes there",
                mending: subject.handingOver(direct, of: role)
            )
        }
    }
}

extension LintSubject {
    /// Whether a role writes to a table that is not its own.
    fileprivate func writes(_ role: Role, to table: Relation) -> Bool {
        guard let principal = principals[role.oid],
            !principal.effectiveRoles.contains(table.owner)
        else { return false }
        return [Privilege.insert, .update, .delete].contains {
            access.hasAny(principal, $0, on: table)
        }
    }

    /// Makes a NOLOGIN role the owner and leaves the old one what an application needs.
    fileprivate func handingOver(_ tables: [Relation], of role: Role) -> [Cure] {
        guard !tables.isEmpty else { return [] }
        let owner = "\(role.name)_owner"
        let name = Identifier.sql(owner)
        let app = Identifier.sql(role.name)
        var statements =
            snapshot.rolesByName[owner] == nil ? ["CREATE ROLE \(name) NOLOGIN"] : []
        for table in tables {
            let sql = Identifier.sql(table.objectName)
            let kind = table.kind == .foreignTable ? "FOREIGN TABLE" : "TABLE"
            let isMaterialized = table.kind == .materializedView
            statements.append(
                "ALTER \(isMaterialized ? "MATERIALIZED VIEW" : kind) \(sql) OWNER TO \(name)"
            )
            statements.append("REVOKE ALL ON \(sql) FROM \(app)")
            statements.append(
                "GRANT SELECT\(isMaterialized ? "" : ", INSERT, UPDATE, DELETE") ON \(sql) TO \(app)"
            )
        }
        let drawn = fedColumns.filter { fed in
            !fed.column.isIdentity && tables.contains { $0.oid == fed.relation.oid }
        }
        statements += drawn.map {
            "GRANT USAGE ON \($0.sequence.objectName.grantTarget) TO \(app)"
        }
        return statements.map(asSuperuser)
    }
}
