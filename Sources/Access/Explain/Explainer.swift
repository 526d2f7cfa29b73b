internal import Catalog
internal import Trials

/// Finds every way by which one role has, or could have, privileges.
struct Explainer {
    let access: AccessMap
    let standing: Standing
    private let chains: Chains

    private var snapshot: Snapshot { access.snapshot }
    private var role: OID { standing.principal.role }
    private var roleName: String { access.roleName(role) }

    init(_ access: AccessMap, role: OID) {
        self.access = access
        standing = access.standing(of: role)
        chains = Chains(from: role, in: access.snapshot)
    }

    /// Explains one privilege on an object or, where there is one, on its column.
    func explain(
        _ privilege: Privilege,
        on target: ObjectLookup.Target
    ) -> PrivilegeExplanation {
        let object = target.object
        let columns = target.column.map { [$0] } ?? snapshot.columns[object.oid] ?? []
        let effective: Effective =
            if unchecked(privilege, on: object) != nil {
                .yes
            } else if let column = target.column {
                access.effective(standing, privilege, on: column, of: object)
            } else {
                access.effective(standing, privilege, on: object, columns: columns)
            }
        var explanation = PrivilegeExplanation(
            privilege: privilege.rawValue,
            object: target.described,
            effective: effective,
            ways: ways(privilege, on: object, columns: object.kind.hasColumns ? columns : [])
        )
        guard effective != .yes else { return explanation }
        if object.isUntrusted {
            explanation.note =
                "the language is untrusted: only a superuser may write functions in it"
            return explanation
        }
        explanation.note = ownersNote(privilege, on: object)
        let words = target.column.map { "\(privilege.rawValue) (\(Identifier.sql($0.name)))" }
        explanation.cures = [
            Cure(
                sql: "GRANT \(words ?? privilege.rawValue) ON \(object.objectName.grantTarget) "
                    + "TO \(role == 0 ? "PUBLIC" : Identifier.sql(roleName))",
                runBy: snapshot.roleName(object.owner),
                isProven: false
            )
        ]
        explanation.grantors = grantors(privilege, on: object)
        if !explanation.ways.contains(where: { $0.passage == .open }) {
            explanation.cures += explanation.ways.first.map(opening) ?? []
        }
        return explanation
    }

    /// Lets through what stops on the way, where that is one membership.
    private func opening(_ way: Way) -> [Cure] {
        let walls = way.links.filter { !$0.inherits }
        // A superuser's rights are never inherited.
        guard let wall = walls.first, walls.count == 1, way.source != .superuser else { return [] }
        let member = Identifier.sql(wall.member)
        let sql =
            wall.isByAttribute
            ? "ALTER ROLE \(member) INHERIT"
            : "GRANT \(Identifier.sql(wall.group)) TO \(member) WITH INHERIT TRUE"
        let runBy = wall.isByAttribute ? nil : wall.grantors.first
        return [Cure(sql: sql, runBy: runBy ?? snapshot.roleName(10), isProven: false)]
    }

    private func ways(
        _ privilege: Privilege,
        on object: SecuredObject,
        columns: [Column]
    ) -> [Way] {
        if let sentence = unchecked(privilege, on: object) {
            let source = Way.Source.unchecked(sentence)
            return [Way(links: [], passage: .open, holder: roleName, source: source)]
        }
        if standing.principal.isSuperuser {
            return [Way(links: [], passage: .open, holder: roleName, source: .superuser)]
        }
        var ways: [Way] = []
        if !object.isUntrusted {
            ways += granted(privilege, by: object.acl, on: object, column: nil)
            for column in columns where !column.acl.isEmpty {
                ways += granted(privilege, by: column.acl, on: object, column: column.name)
            }
            for predefined in access.predefinedRoles(with: privilege, on: object.kind) {
                ways += self.ways(to: predefined, source: .predefined)
            }
        }
        for superuser in chains.ancestors.sorted()
        where snapshot.roles[superuser]?.isSuperuser == true {
            ways += chains.chains(to: superuser).map { chain in
                Way(
                    links: chains.links(of: chain),
                    passage: chains.passageToSuperuser(of: chain),
                    holder: snapshot.roleName(superuser),
                    source: .superuser
                )
            }
        }
        return ways.filter { $0.passage.rank == 0 } + ways.filter { $0.passage.rank == 1 }
            + ways.filter { $0.passage.rank == 2 }
    }

    /// Says why nobody asks for the privilege, if that is so.
    private func unchecked(_ privilege: Privilege, on object: SecuredObject) -> String? {
        if access.isUnchecked(object) {
            return "lo_compat_privileges is on: no privilege on large objects is checked"
        }
        let isEverybodys = object.kind == .parameter && object.detail == "user"
        return isEverybodys && privilege == .set
            ? "every role may SET this parameter, without any privilege" : nil
    }

    private func granted(
        _ privilege: Privilege,
        by acl: String,
        on object: SecuredObject,
        column: String?
    ) -> [Way] {
        access.list(acl).entries.filter { $0.privileges.contains(privilege) }.flatMap { entry in
            let source = Way.Source.granted(
                isPublic: entry.grantee == 0,
                by: snapshot.roleName(entry.grantor),
                isGrantable: entry.grantable.contains(privilege),
                isDefault: object.hasDefaultACL && column == nil,
                isOwner: entry.grantee == object.owner && entry.grantor == object.owner
            )
            if entry.grantee == 0 {
                let way = Way(links: [], passage: .open, holder: roleName, source: source)
                return [way].map { $0.on(column) }
            }
            return ways(to: entry.grantee, source: source).map { $0.on(column) }
        }
    }

    private func ways(to holder: OID, source: Way.Source) -> [Way] {
        chains.chains(to: holder).map { chain in
            Way(
                links: chains.links(of: chain),
                passage: chains.passage(of: chain),
                holder: snapshot.roleName(holder),
                source: source
            )
        }
    }

    /// An owner is no exception: it lacks what it revoked from itself.
    private func ownersNote(_ privilege: Privilege, on object: SecuredObject) -> String? {
        guard standing.principal.effectiveRoles.contains(object.owner),
            !access.list(object.acl).entries.contains(where: {
                $0.grantee == object.owner && $0.privileges.contains(privilege)
            })
        else { return nil }
        let owner = Identifier.displayed(snapshot.roleName(object.owner))
        return "\(owner) owns it, but has revoked \(privilege.rawValue) from itself; an owner may "
            + "always grant it again"
    }

    /// Who else may run the GRANT: holders of the grant option, members of either.
    private func grantors(_ privilege: Privilege, on object: SecuredObject) -> [String] {
        let optional = Set(
            access.list(object.acl).entries
                .filter { $0.grantable.contains(privilege) && $0.grantee != object.owner }
                .map(\.grantee)
        )
        func name(_ role: Role) -> String { Identifier.displayed(role.name) }
        let roles = snapshot.roles.values.filter { !$0.isSuperuser && !$0.isPredefined }
            .sorted { $0.name < $1.name }
        var found: [String] = []
        for role in roles where role.oid != object.owner {
            let effective = access.principal(role.oid).effectiveRoles
            if effective.contains(object.owner) {
                let owner = Identifier.displayed(snapshot.roleName(object.owner))
                found.append("\(name(role)) (inherits from the owner \(owner))")
            } else if optional.contains(role.oid) {
                found.append("\(name(role)) (holds the grant option)")
            } else if let holder = effective.intersection(optional).min() {
                let holder = Identifier.displayed(snapshot.roleName(holder))
                found.append("\(name(role)) (inherits the grant option of \(holder))")
            } else if snapshot.groups(of: role.oid, by: \.canSet).contains(object.owner) {
                let owner = Identifier.displayed(snapshot.roleName(object.owner))
                found.append("\(name(role)) (after SET ROLE to the owner \(owner))")
            }
        }
        return found
    }
}

extension Way {
    fileprivate func on(_ column: String?) -> Way {
        var way = self
        way.column = column
        return way
    }
}

extension Way.Passage {
    fileprivate var rank: Int {
        switch self {
        case .open: 0
        case .afterSetRole: 1
        case .blocked: 2
        }
    }
}
