internal import Catalog
package import Trials

/// Who may carry out a grant.
package struct Grantors: Sendable, Hashable {
    /// The roles that the server lets do it, the object's owner first.
    package var names: [String]
    /// Those that a user is or may become by SET ROLE, in the same order.
    package var usable: [String]
}

extension AccessMap {
    /// Finds who may grant what is missing, and as whom of them `user` can.
    package func grantors(of grant: MissingPrivilege, for user: Principal) -> Grantors {
        var roles = grant.object.kind == .role ? membershipGrantors(grant) : holders(of: grant)
        // Nobody is a member of this one: the database's owner acts for it.
        roles = roles.map {
            snapshot.roles[$0]?.name == "pg_database_owner" ? snapshot.server.databaseOwner : $0
        }
        // A member that inherits the owner's rights acts for the owner without becoming it.
        let acts = user.isSuperuser || roles.first.map(user.effectiveRoles.contains) ?? false
        if acts { roles.append(user.role) }
        var seen: Set<OID> = []
        roles = roles.filter { seen.insert($0).inserted }
        return Grantors(
            names: roles.map(snapshot.roleName),
            usable: roles.filter { user.role == $0 || snapshot.canSetRole(user.role, to: $0) }
                .map(snapshot.roleName)
        )
    }

    /// The owner of an object, then those that hold the privilege with the grant option.
    private func holders(of grant: MissingPrivilege) -> [OID] {
        guard let (owner, acl) = ownership(of: grant.object),
            let privilege = Privilege(rawValue: grant.privilege)
        else { return [] }
        let others = list(acl).entries
            .filter { $0.grantable.contains(privilege) && $0.grantee != 0 && $0.grantee != owner }
            .map(\.grantee)
            .filter { snapshot.roles[$0] != nil }
        return [owner] + others.sorted { snapshot.roleName($0) < snapshot.roleName($1) }
    }

    private func ownership(of object: ObjectName) -> (owner: OID, acl: String)? {
        switch object.kind {
        case .schema: return schema(named: object.name).map { ($0.owner, $0.acl) }
        case .function, .procedure: return routine(named: object).map { ($0.owner, $0.acl) }
        default: return snapshot.relationsByName[object].map { ($0.owner, $0.acl) }
        }
    }

    /// Those that hold a role with the admin option; else only a superuser may grant it.
    private func membershipGrantors(_ grant: MissingPrivilege) -> [OID] {
        let superusers = snapshot.roles.values.filter(\.isSuperuser).map(\.oid).sorted()
        guard let group = snapshot.rolesByName[grant.object.name]?.oid,
            grant.object.name != grant.grantee
        else { return Array(superusers.prefix(1)) }
        let admins = snapshot.membershipsByMember.values.joined()
            .filter { $0.group == group && $0.isAdmin }
            .map(\.member)
        return superusers.prefix(1) + admins.sorted()
    }
}
