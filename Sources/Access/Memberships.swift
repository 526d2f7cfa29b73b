internal import Catalog
package import Trials

extension AccessMap {
    /// Finds the membership that would give what is missing if it were inherited (NOINHERIT, from 16
    /// WITH INHERIT FALSE).
    ///
    /// A group that owns the object, or can do more than be granted things, is never proposed: its
    /// privileges are kept apart for a reason. Nor is any where the role is granted things by itself:
    /// a membership opens all that the group may do.
    package func uninherited(_ missing: MissingPrivilege) -> MissingPrivilege? {
        guard let role = snapshot.rolesByName[missing.grantee]?.oid else { return nil }
        let heirs = principal(role).effectiveRoles
        for heir in heirs.sorted(by: { ($0 == role ? 0 : $0) < ($1 == role ? 0 : $1) }) {
            let hidden = snapshot.memberships(of: heir)
                .filter { !$0.inherits && !isGiven($0) && !heirs.contains($0.group) }
                .filter { isHarmless($0.group, missing) && holds(principal($0.group), missing) }
                .min { snapshot.roleName($0.group) < snapshot.roleName($1.group) }
            guard let hidden else { continue }
            let isAttribute = snapshot.server.version < 160_000
            // The attribute opens all of the role's groups at once.
            let opened = snapshot.memberships(of: heir).filter { !$0.inherits }.map(\.group)
            if isAttribute, opened.count > 1 || opened.contains(where: owns) { continue }
            if isGrantedItself(heir) { continue }
            return MissingPrivilege(
                privilege: "INHERIT",
                object: ObjectName(
                    kind: .role,
                    schema: nil,
                    name: snapshot.roleName(isAttribute ? heir : hidden.group)
                ),
                grantee: snapshot.roleName(heir)
            )
        }
        return nil
    }

    /// Whether lists of relations, columns or schemas name the role.
    private func isGrantedItself(_ role: OID) -> Bool {
        func names(_ acl: String) -> Bool { list(acl).entries.contains { $0.grantee == role } }
        return snapshot.relations.values.contains { names($0.acl) }
            || snapshot.schemas.values.contains { names($0.acl) }
            || snapshot.columns.values.joined().contains { !$0.acl.isEmpty && names($0.acl) }
    }

    private func owns(_ role: OID) -> Bool {
        snapshot.relations.values.contains { $0.owner == role }
            || snapshot.schemas.values.contains { $0.owner == role }
    }

    private func isHarmless(_ group: OID, _ missing: MissingPrivilege) -> Bool {
        guard let role = snapshot.roles[group], !role.isPredefined else { return false }
        let owner: OID? =
            switch missing.object.kind {
            case .schema: schema(named: missing.object.name)?.owner
            case .function, .procedure: routine(named: missing.object)?.owner
            default: snapshot.relationsByName[missing.object]?.owner
            }
        return !role.isSuperuser && !role.createsRoles && owner != group
    }

    /// Whether the principal has what is missing to another.
    private func holds(_ principal: Principal, _ missing: MissingPrivilege) -> Bool {
        guard let privilege = Privilege(rawValue: missing.privilege) else { return false }
        switch missing.object.kind {
        case .schema:
            return schema(named: missing.object.name).map { has(principal, privilege, on: $0) }
                ?? false
        case .function, .procedure:
            return routine(named: missing.object).map { canExecute(principal, $0) } ?? false
        case .sequence:
            return snapshot.relationsByName[missing.object].map {
                has(principal, privilege, on: $0)
                    || privilege == .usage && canAdvance(principal, $0)
            } ?? false
        default:
            guard let relation = snapshot.relationsByName[missing.object] else { return false }
            guard let name = missing.column else { return has(principal, privilege, on: relation) }
            return (snapshot.columns[relation.oid] ?? []).contains {
                $0.name.utf8.elementsEqual(name.utf8)
                    && has(principal, privilege, on: $0, of: relation)
            }
        }
    }
}
