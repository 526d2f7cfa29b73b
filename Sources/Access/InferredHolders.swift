package import Catalog

extension AccessMap {
    /// The roles whose grants make them expected to use a privilege on one of the relations, and the
    /// roles that were passed over although PUBLIC's grants would let them.
    ///
    /// `grantees` are the roles that the database's grants concern. A table's owner is left out. A role that holds nothing in this database but what PUBLIC holds has
    /// most likely to do with another database of the server: it counts only if every role is like
    /// that.
    package func inferredHolders(
        of privilege: Privilege,
        on relations: [Relation],
        among grantees: Set<OID>
    ) -> (holders: [InferredHolder], strangers: [Role]) {
        var own: [InferredHolder] = []
        var others: [InferredHolder] = []
        for role in rolesInUse {
            let principal = principal(role.oid)
            let held = relations.filter { relation in
                relation.owner != role.oid && hasAny(principal, privilege, on: relation)
            }
            guard !held.isEmpty else { continue }
            let granted = held.filter {
                hasAny(principal.without($0.owner), privilege, on: $0)
            }
            let holder = InferredHolder(
                role: role,
                relations: held,
                granted: Set(granted.map(\.oid))
            )
            if principal.effectiveRoles.isDisjoint(with: grantees) {
                if canConnect(principal) { others.append(holder) }
            } else {
                own.append(holder)
            }
        }
        return own.isEmpty ? (others, []) : (own, others.map(\.role))
    }

    /// The roles that grants on this database's objects name, the owners of relations, and the
    /// predefined roles.
    package var concernedRoles: Set<OID> {
        grantees.union(snapshot.relations.values.map(\.owner))
    }

    /// The roles that grants on this database's objects name, and the predefined ones.
    package var grantees: Set<OID> {
        let schemas = snapshot.schemas.values.map { ($0.acl, $0.owner) }
        let relations = snapshot.relations.values.map { ($0.acl, $0.owner) }
        let columns = snapshot.columns.values.joined().map { ($0.acl, OID(0)) }
        var grantees = Set(snapshot.roles.values.filter(\.isPredefined).map(\.oid))
        for (acl, owner) in schemas + relations + columns where !acl.isEmpty {
            grantees.formUnion(list(acl).entries.map(\.grantee).filter { $0 != 0 && $0 != owner })
        }
        return grantees
    }
}

/// A role that its grants make expected to use some relations.
package struct InferredHolder: Sendable {
    package let role: Role
    /// In the order in which they were asked for.
    package let relations: [Relation]
    /// Those on which it holds the privilege by other ways than inheriting from the owner.
    package let granted: Set<OID>
}
