package import Catalog
internal import Trials

extension AccessMap {
    /// The roles under which an application may be at work, by name.
    package var rolesInUse: [Role] {
        let logins = snapshot.roles.values.filter { $0.canLogIn && !$0.isSuperuser }
        var inherited: Set<OID> = []
        var settable: Set<OID> = []
        for login in logins {
            inherited.formUnion(
                snapshot.groups(of: login.oid, by: \.inherits).subtracting([login.oid])
            )
            settable.formUnion(
                snapshot.groups(of: login.oid, by: \.canSet).subtracting([login.oid])
            )
        }
        return snapshot.roles.values
            .filter { role in
                guard !role.isSuperuser, !role.isPredefined, !role.name.isUnreadable else {
                    return false
                }
                return role.canLogIn
                    || settable.contains(role.oid) && !inherited.contains(role.oid)
            }
            .sorted { $0.name < $1.name }
    }
}

extension AccessMap {
    /// The role that a login as a role really is: another one if its own settings change to it
    /// (`ALTER ROLE … SET role`).
    package func loginRole(of role: Role) -> Role {
        // For the role in this database, else for the role, else for the database, else for all.
        let setting = snapshot.roleSettings
            .filter { $0.name == "role" && ($0.role == role.oid || $0.role == 0) }
            .max { ($0.role, $0.database) < ($1.role, $1.database) }
        guard let name = setting?.value, let other = snapshot.rolesByName[name],
            snapshot.canSetRole(role.oid, to: other.oid)
        else { return role }
        return other
    }
}
