package import Catalog
package import Trials

/// A privilege that a proof hands out in its transaction.
enum Given: Sendable, Hashable {
    case privilege(Privilege, on: Target, to: OID)
    /// A membership that begins to give its member the group's privileges.
    case inheritance(group: OID, member: OID)
    /// All memberships of a role that becomes INHERIT.
    case inheritingRole(OID)

    enum Target: Sendable, Hashable {
        case relation(OID)
        case column(OID, Int)
        case schema(OID)
        case routine(OID)
    }
}

extension AccessMap {
    /// The map as it would be after the grants.
    package func granting(_ grants: [MissingPrivilege]) -> AccessMap {
        var map = self
        for grant in grants { if let given = given(by: grant) { map.given.insert(given) } }
        return map
    }

    /// Returns what a grant hands out; `nil` if the snapshot does not know its object.
    private func given(by grant: MissingPrivilege) -> Given? {
        guard let grantee = snapshot.rolesByName[grant.grantee]?.oid else { return nil }
        if grant.object.kind == .role {
            guard let role = snapshot.rolesByName[grant.object.name]?.oid else { return nil }
            return role == grantee
                ? .inheritingRole(role) : .inheritance(group: role, member: grantee)
        }
        guard let privilege = Privilege(rawValue: grant.privilege),
            let target = target(of: grant)
        else { return nil }
        return .privilege(privilege, on: target, to: grantee)
    }

    private func target(of grant: MissingPrivilege) -> Given.Target? {
        switch grant.object.kind {
        case .schema: return schema(named: grant.object.name).map { .schema($0.oid) }
        case .function, .procedure: return routine(named: grant.object).map { .routine($0.oid) }
        default:
            guard let relation = snapshot.relationsByName[grant.object] else { return nil }
            guard let name = grant.column else { return .relation(relation.oid) }
            return snapshot.columns[relation.oid]?
                .first { $0.name.utf8.elementsEqual(name.utf8) }
                .map { .column(relation.oid, $0.number) }
        }
    }

    package func schema(named name: String) -> Schema? {
        snapshot.schemas.values.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    func routine(named name: ObjectName) -> Routine? {
        snapshot.routines.values.first { $0.objectName == name }
    }

    func isGiven(_ privilege: Privilege, on target: Given.Target, to principal: Principal) -> Bool {
        !given.isEmpty
            && principal.effectiveRoles.contains {
                given.contains(.privilege(privilege, on: target, to: $0))
            }
    }

    func isGiven(_ membership: Membership) -> Bool {
        !given.isEmpty
            && (given.contains(.inheritingRole(membership.member))
                || given.contains(.inheritance(group: membership.group, member: membership.member)))
    }
}
