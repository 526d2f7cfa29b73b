package import Catalog
package import Trials

extension AccessMap {
    /// Whether a new object of a role comes with a privilege for another: by the default privileges
    /// for its schema, or by those for every schema, which stand in for the built-in ones.
    package func willHave(
        _ principal: Principal,
        _ privilege: Privilege,
        on objects: DefaultPrivileges.Objects,
        madeBy creator: OID,
        in schema: OID
    ) -> Bool {
        principal.isSuperuser || principal.effectiveRoles.contains(creator)
            || defaults(of: creator, in: schema, objects).contains {
                list($0.acl).entries.contains {
                    $0.privileges.contains(privilege)
                        && ($0.grantee == 0 || principal.effectiveRoles.contains($0.grantee))
                }
            }
    }

    private func defaults(
        of creator: OID,
        in schema: OID,
        _ objects: DefaultPrivileges.Objects
    ) -> [DefaultPrivileges] {
        snapshot.defaultPrivileges.filter {
            $0.creator == creator && $0.objects == objects
                && ($0.schema == 0 || $0.schema == schema)
        }
    }

    /// Says why what is missing on an object will be missing on the next one that its owner makes;
    /// `nil` if default privileges have that in hand.
    package func recurrence(of missing: MissingPrivilege) -> String? {
        guard let relation = snapshot.relationsByName[missing.object], missing.column == nil,
            let privilege = Privilege(rawValue: missing.privilege),
            let grantee = snapshot.rolesByName[missing.grantee]
        else { return nil }
        let objects: DefaultPrivileges.Objects = relation.kind == .sequence ? .sequences : .tables
        // What the code of one table needs of another is no matter of new tables.
        guard privilege == (objects == .sequences ? .usage : .insert) else { return nil }
        let heir = principal(grantee.oid)
        guard
            !willHave(
                heir,
                privilege,
                on: objects,
                madeBy: relation.owner,
                in: relation.schemaOID
            )
        else { return nil }
        let others = Set(snapshot.defaultPrivileges.map(\.creator)).filter {
            $0 != relation.owner && !heir.effectiveRoles.contains($0)
                && willHave(heir, privilege, on: objects, madeBy: $0, in: relation.schemaOID)
        }
        let what = "\(privilege.rawValue) on new \(objects == .tables ? "tables" : "sequences")"
        let schema = Identifier.displayed(relation.schema)
        let name = Identifier.displayed(missing.grantee)
        let owner = Identifier.displayed(snapshot.roleName(relation.owner))
        guard !others.isEmpty else {
            return
                "no default privileges give \(name) \(what) that \(owner) makes in schema \(schema), "
                + "so the next one will lack it too"
        }
        let covered = others.map(snapshot.roleName).sorted().map(Identifier.displayed)
        return "the default privileges in schema \(schema) give \(name) \(what) of "
            + "\(covered.joined(separator: ", ")) only, and \(missing.object.displayed) belongs to "
            + "\(owner)"
    }

    /// The roles that make tables in a schema: the owners of tables there that may create more.
    package func creators(in schema: Schema) -> [Role] {
        let owners = Set(
            snapshot.orderedRelations
                .filter { $0.schemaOID == schema.oid && $0.extension == nil }
                .filter { [.table, .partitionedTable].contains($0.kind) }
                .map(\.owner)
        )
        return owners.compactMap { snapshot.roles[$0] }
            .filter { has(principal($0.oid), .create, on: schema) }
            .sorted { $0.name < $1.name }
    }
}
