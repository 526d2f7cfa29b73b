internal import Catalog
internal import Trials

extension Rule {
    static let missingDefaultPrivileges = Rule(
        "default-privileges-missing",
        .notice,
        "A role creates tables that are granted to applications, but has no default privileges.",
        page: """
            Each migration must then remember the grants of each table and each sequence, and one day \
            one does not. `ALTER DEFAULT PRIVILEGES FOR ROLE … IN SCHEMA …` gives every new table what \
            all tables of the schema have today; sequences get USAGE, never UPDATE.

            Leave it where migrations are to say every grant, and pgsmoke is there to see to it.
            """
    ) { subject in
        let owners = Set(subject.relations.map(\.owner))
            .sorted { subject.snapshot.roleName($0) < subject.snapshot.roleName($1) }
        return owners.compactMap { owner in
            let gaps = subject.gaps(of: owner)
            guard !gaps.isEmpty else { return nil }
            let name = subject.snapshot.roleName(owner)
            return Remark(
                object: ObjectName(kind: .role, schema: nil, name: name),
                reason: "what it creates in schema \(subject.listed(gaps.map(\.schema.name))) is "
                    + "granted to \(subject.listed(gaps.flatMap(\.grantees))), but not by default",
                mending: gaps.flatMap { gap in
                    gap.statements.map { Cure(sql: $0, runBy: name, isProven: false) }
                }
            )
        }
    }
}

/// Default privileges that a creator lacks in one schema.
private struct Gap {
    let schema: Schema
    let grantees: [String]
    let statements: [String]
}

extension LintSubject {
    fileprivate func gaps(of owner: OID) -> [Gap] {
        let schemas = Set(relations.filter { $0.owner == owner }.map(\.schemaOID))
            .compactMap { snapshot.schemas[$0] }
            .sorted { $0.name < $1.name }
        return schemas.compactMap { schema in
            let common = commonGrants(owner, schema)
            guard !common.isEmpty else { return nil }
            let start =
                "ALTER DEFAULT PRIVILEGES FOR ROLE "
                + "\(Identifier.sql(snapshot.roleName(owner))) "
                + "IN SCHEMA \(Identifier.sql(schema.name)) GRANT "
            var statements: [String] = []
            var grantees: [String] = []
            for (role, privileges) in common {
                if lacks(.tables, owner, schema) {
                    statements.append(
                        "\(start)\(words(privileges)) ON TABLES TO \(grantee(role))"
                    )
                    grantees.append(snapshot.roleName(role))
                }
                if privileges.contains(.insert), drawsSequences(owner, schema),
                    lacks(.sequences, owner, schema)
                {
                    statements.append("\(start)USAGE ON SEQUENCES TO \(grantee(role))")
                    grantees.append(snapshot.roleName(role))
                }
            }
            return statements.isEmpty
                ? nil : Gap(schema: schema, grantees: grantees, statements: statements)
        }
    }

    private func lacks(
        _ objects: DefaultPrivileges.Objects,
        _ owner: OID,
        _ schema: Schema
    ) -> Bool {
        !(access.objects?.defaultPrivileges ?? []).contains {
            $0.creator == owner && $0.objects == objects
                && ($0.schema == schema.oid || $0.schema == 0)
        }
    }

    private func drawsSequences(_ owner: OID, _ schema: Schema) -> Bool {
        fedColumns.contains {
            !$0.column.isIdentity && $0.sequence.owner == owner
                && $0.sequence.schemaOID == schema.oid
        }
    }

    /// What every table of the owner in the schema is granted to application roles and their groups.
    private func commonGrants(
        _ owner: OID,
        _ schema: Schema
    ) -> [(role: OID, privileges: Set<Privilege>)] {
        let tables = relations.filter {
            $0.owner == owner && $0.schemaOID == schema.oid
                && [.table, .partitionedTable].contains($0.kind)
        }
        var reached: Set<OID> = []
        for role in roles { reached.formUnion(principals[role.oid]?.effectiveRoles ?? []) }
        let data: Set<Privilege> = [.select, .insert, .update, .delete]
        var common: [OID: Set<Privilege>]?
        for table in tables {
            var held: [OID: Set<Privilege>] = [:]
            for entry in access.list(table.acl).entries
            where entry.grantee != owner && reached.contains(entry.grantee) {
                held[entry.grantee, default: []].formUnion(entry.privileges.intersection(data))
            }
            common =
                common?.compactMapValues { $0 }.reduce(into: [:]) { kept, pair in
                    let both = pair.value.intersection(held[pair.key] ?? [])
                    if !both.isEmpty { kept[pair.key] = both }
                } ?? held.filter { !$0.value.isEmpty }
        }
        return (common ?? [:]).map { ($0.key, $0.value) }
            .sorted { snapshot.roleName($0.role) < snapshot.roleName($1.role) }
    }
}
