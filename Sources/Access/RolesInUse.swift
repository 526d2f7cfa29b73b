package import Catalog

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
