package import Catalog
package import Trials

extension AccessMap {
    /// Says from the catalog whether a role could log in to this database: by itself or, without
    /// LOGIN, through a role that may use it.
    package func loginFacts(of role: Role) -> LoginFacts {
        if role.canLogIn {
            let obstacle = obstacle(to: role)
            return LoginFacts(
                role: role.name,
                canLogIn: obstacle == nil,
                why: obstacle ?? "LOGIN, and CONNECT on the database"
            )
        }
        let users = snapshot.roles.values
            .filter { $0.canLogIn && !$0.isSuperuser && uses($0, role) }
            .sorted { $0.name < $1.name }
        if let user = users.first(where: { obstacle(to: $0) == nil }) {
            return LoginFacts(
                role: role.name,
                canLogIn: true,
                why: "NOLOGIN, but used through \(Identifier.displayed(user.name))"
            )
        }
        if let user = users.first, let obstacle = obstacle(to: user) {
            return LoginFacts(
                role: role.name,
                canLogIn: false,
                why:
                    "NOLOGIN, and of \(Identifier.displayed(user.name)), which may use it: \(obstacle)"
            )
        }
        return LoginFacts(
            role: role.name,
            canLogIn: false,
            why: "NOLOGIN, and no LOGIN role inherits from it or may SET ROLE to it"
        )
    }

    private func uses(_ user: Role, _ role: Role) -> Bool {
        snapshot.groups(of: user.oid) { $0.inherits || $0.canSet }.contains(role.oid)
    }

    private func obstacle(to role: Role) -> String? { loginObstacles(to: role).first?.text }
}
