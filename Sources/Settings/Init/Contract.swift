package import Access
package import Catalog
internal import Trials

/// What a starting `pgsmoke.yml` says: the roles at work in a database and what their grants, as they
/// are, let them do.
package struct Contract: Sendable {
    package struct Entry: Sendable {
        package let role: Role
        package let contract: RoleContract
        /// Whether no default privileges have ever been meant for the role.
        package let isWithoutFuture: Bool
        /// Parameters that policies read and nothing sets, with a value that may do.
        package let settings: [(name: String, guess: String?)]
        /// Why it will not be tried, or says little.
        package let remark: String?
    }

    package private(set) var entries: [Entry] = []
    /// The roles that may log in and are not in the file, and why.
    package private(set) var leftOut: [(role: String, reason: String)] = []
    let objects: ExpectedObjects
    let access: AccessMap

    /// Looks at the roles given or, without any, at those at work in the database.
    ///
    /// `isWhole` says whether nothing but schemas narrows what is looked at.
    package init(
        of names: [Role],
        on application: ApplicationRelations,
        isWhole: Bool,
        _ access: AccessMap
    ) {
        self.access = access
        objects = ExpectedObjects(application, access)
        let patterned = isWhole ? Self.patterned(objects) : []
        for role in names.isEmpty ? rolesAtWork() : names {
            if let reason = reason(against: role) {
                leftOut.append((role.name, reason))
                continue
            }
            let cases = ContractCase.cases(of: role, on: objects, access)
            guard !names.isEmpty || cases.contains(where: { $0.right != .lacking }) else {
                leftOut.append((role.name, "holds nothing on its tables"))
                continue
            }
            entries.append(entry(of: role, RoleContract(of: cases, patterned: patterned)))
        }
        leftOut.sort { $0.role < $1.role }
        if names.isEmpty { leaveOutSuperusers() }
    }

    /// Why no key of a YAML file can stand for the role.
    private func reason(against role: Role) -> String? {
        if entries.contains(where: { $0.role.name == role.name }) {
            return "differs from another role in Unicode's form alone, which YAML cannot tell"
        }
        let isKept = YAMLScalar.isKept(role.name)
        return isKept ? nil : "has a name that YAML does not keep"
    }

    /// The schemas of which one entry may speak: none of their relations would be tried only because
    /// an entry names it.
    private static func patterned(_ objects: ExpectedObjects) -> Set<String> {
        var schemas = Set(objects.relations.map(\.schema))
        for relation in objects.relations
        where relation.kind == .foreignTable || objects.drawnByCode.contains(relation.oid) {
            schemas.remove(relation.schema)
        }
        return schemas
    }

    /// The roles in use, but for those that hold in this database what PUBLIC holds and no more: unless
    /// all are like that.
    private mutating func rolesAtWork() -> [Role] {
        let concerned = access.concernedRoles
        var own: [Role] = []
        var others: [Role] = []
        for role in access.rolesInUse {
            let principal = access.principal(access.loginRole(of: role).oid)
            if principal.effectiveRoles.isDisjoint(with: concerned) {
                others.append(role)
            } else {
                own.append(role)
            }
        }
        if own.isEmpty {
            return others.filter { access.canConnect(access.principal($0.oid)) }
        }
        leftOut += others.map { ($0.name, "holds no more here than everybody") }
        return own
    }

    private mutating func leaveOutSuperusers() {
        let superusers = access.snapshot.roles.values.filter { $0.isSuperuser && $0.canLogIn }
            .map { ($0.name, "a superuser, who may do everything") }
        leftOut.insert(contentsOf: superusers.sorted { $0.0 < $1.0 }, at: 0)
    }

    private func entry(of role: Role, _ contract: RoleContract) -> Entry {
        let snapshot = access.snapshot
        let relations = contract.cases.filter(\.isHeld).compactMap {
            snapshot.relations[$0.relation]
        }
        let isWriter = contract.profile?.name == "writer"
        var remark: String?
        if role.isSuperuser {
            remark = "a superuser, of whom no result says much"
        } else if let user = snapshot.rolesByName[snapshot.server.user],
            !snapshot.canSetRole(user.oid, to: role.oid)
        {
            remark =
                "not tried unless the connecting role may become it: "
                + "GRANT \(Identifier.sql(role.name)) TO \(Identifier.sql(user.name));"
        }
        return Entry(
            role: role,
            contract: contract,
            isWithoutFuture: isWriter && !access.hasDefaultInserts(role),
            settings: access.unsetParameters(of: role, on: relations),
            remark: remark
        )
    }
}
