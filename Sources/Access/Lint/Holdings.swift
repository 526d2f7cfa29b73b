internal import Catalog
internal import Trials

/// A grant that reaches application roles, and which.
struct Holding {
    let entry: ACL.Entry
    let roles: [Role]
}

extension LintSubject {
    /// The grants by which application roles hold the privilege, other than as owners.
    func holdings(_ privilege: Privilege, by acl: String, owner: OID) -> [Holding] {
        access.list(acl).entries.compactMap { entry in
            guard entry.privileges.contains(privilege), entry.grantee != 0, entry.grantee != owner
            else { return nil }
            let reached = roles.filter { role in
                let groups = principals[role.oid]?.effectiveRoles ?? []
                return groups.contains(entry.grantee) && !groups.contains(owner)
            }
            return reached.isEmpty ? nil : Holding(entry: entry, roles: reached)
        }
    }

    /// Writes `a`, `a and b`, or `a, b and 7 more`.
    func listed(_ names: [String]) -> String {
        var seen: Set<String> = []
        let names = names.filter { seen.insert($0).inserted }.map(Identifier.displayed)
        if names.count > 4 {
            return "\(names.prefix(3).joined(separator: ", ")) and \(names.count - 3) more"
        }
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return "\(names.dropLast().joined(separator: ", ")) and \(last)"
    }

    func listed(_ roles: [Role]) -> String { listed(roles.map(\.name)) }

    /// Says who holds something: `app`, or `app (as writers)` where a group was granted it.
    func listed(_ holdings: [Holding]) -> String {
        let holders = holdings.flatMap { holding in
            holding.roles.map { role in
                role.oid == holding.entry.grantee
                    ? Identifier.displayed(role.name)
                    : "\(Identifier.displayed(role.name)) "
                        + "(by \(Identifier.displayed(snapshot.roleName(holding.entry.grantee))))"
            }
        }
        var seen: Set<String> = []
        return holders.filter { seen.insert($0).inserted }.joined(separator: ", ")
    }

    func grantee(_ role: OID) -> String {
        role == 0 ? "PUBLIC" : Identifier.sql(snapshot.roleName(role))
    }

    /// The privileges in GRANT's words and the manual's order, each with the column it is for.
    func words(_ privileges: some Collection<Privilege>, column: String? = nil) -> String {
        Privilege.allCases.filter { privileges.contains($0) }.map { privilege in
            privilege.rawValue + (column.map { " (\(Identifier.sql($0)))" } ?? "")
        }.joined(separator: ", ")
    }

    /// Takes privileges of an entry away again, by the role that gave them.
    func revoking(
        _ privileges: some Collection<Privilege>,
        of entry: ACL.Entry,
        on object: ObjectName,
        column: String? = nil,
        onlyGrantOption: Bool = false
    ) -> Cure {
        let what = words(privileges, column: column)
        return Cure(
            sql: "REVOKE \(onlyGrantOption ? "GRANT OPTION FOR " : "")\(what) "
                + "ON \(object.grantTarget) FROM \(grantee(entry.grantee))",
            runBy: snapshot.roleName(entry.grantor),
            isProven: false
        )
    }

    func granting(
        _ privileges: some Collection<Privilege>,
        on object: ObjectName,
        to role: OID,
        by owner: OID
    ) -> Cure {
        Cure(
            sql: "GRANT \(words(privileges)) ON \(object.grantTarget) TO \(grantee(role))",
            runBy: snapshot.roleName(owner),
            isProven: false
        )
    }

    /// A statement that only a superuser, or who may alter the role, can run.
    func asSuperuser(_ sql: String) -> Cure {
        Cure(sql: sql, runBy: snapshot.roleName(10), isProven: false)
    }

    /// The objects that can have grants: relations, sequences, schemas and all others that no
    /// extension brought.
    var securedObjects: [SecuredObject] {
        relations.map(SecuredObject.init) + sequences.map(SecuredObject.init)
            + schemas.map(SecuredObject.init) + otherObjects.filter { !$0.hasDefaultACL }
    }

    /// The objects of other kinds that no extension brought, in the application's schemas or in none.
    var otherObjects: [SecuredObject] {
        let ours = Set(schemas.map(\.oid))
        return (access.objects?.objects ?? []).filter { object in
            let isOurs = object.schemaOID == 0 ? !isNarrowed : ours.contains(object.schemaOID)
            return !object.isExtensionMember && isOurs
        }
    }

    /// A role as the object of a finding.
    func object(_ role: Role) -> ObjectName {
        ObjectName(kind: .role, schema: nil, name: role.name)
    }
}
