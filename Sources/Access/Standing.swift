package import Catalog
package import Trials

/// A role with everything it can become: what it has as it is, and what SET ROLE would add.
package struct Standing: Sendable {
    package let principal: Principal
    /// The roles that it may SET ROLE to.
    package let others: [Principal]
}

extension AccessMap {
    /// The name of a role; that of PUBLIC, 0, is one that no role can have.
    func roleName(_ role: OID) -> String { role == 0 ? "public" : snapshot.roleName(role) }

    /// Returns where a role stands, on demand as if every membership inherited; 0 is PUBLIC.
    package func standing(of role: OID, asIfInheriting: Bool = false) -> Standing {
        func principal(_ role: OID) -> Principal {
            asIfInheriting ? principalAsIfInheriting(role) : self.principal(role)
        }
        let others = snapshot.groups(of: role, by: \.canSet).subtracting([role]).sorted()
        return Standing(principal: principal(role), others: others.map(principal))
    }

    /// Says whether a role has the privilege on the object or, of a relation, on the columns given.
    package func effective(
        _ standing: Standing,
        _ privilege: Privilege,
        on object: SecuredObject,
        columns: [Column] = []
    ) -> Effective {
        if has(standing.principal, privilege, on: object) { return .yes }
        if hasOnColumn(standing.principal, privilege, columns) { return .columns }
        let canBecome = standing.others.contains {
            has($0, privilege, on: object) || hasOnColumn($0, privilege, columns)
        }
        return canBecome ? .setRole : .no
    }

    /// Says whether a role has the privilege on a column, by the column or by its relation.
    package func effective(
        _ standing: Standing,
        _ privilege: Privilege,
        on column: Column,
        of object: SecuredObject
    ) -> Effective {
        func isHeld(_ principal: Principal) -> Bool {
            has(principal, privilege, on: object) || hasOnColumn(principal, privilege, [column])
        }
        if isHeld(standing.principal) { return .yes }
        return standing.others.contains(where: isHeld) ? .setRole : .no
    }
}
