package import Catalog
internal import Trials

/// Who may do what, computed from a snapshot alone.
package struct AccessMap: Sendable {
    package let snapshot: Snapshot
    /// What inserts reach.
    package let reach: InsertReach
    /// Each distinct list of the snapshot, read once.
    private let lists: [String: ACL]
    /// What a proof hands out beyond what the snapshot says.
    var given: Set<Given> = []

    package init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        reach = InsertReach(snapshot)
        var texts: Set<String> = [snapshot.server.databaseACL]
        texts.formUnion(snapshot.relations.values.lazy.map(\.acl))
        texts.formUnion(snapshot.schemas.values.lazy.map(\.acl))
        texts.formUnion(snapshot.routines.values.lazy.map(\.acl))
        texts.formUnion(snapshot.columns.values.joined().lazy.map(\.acl))
        lists = Dictionary(
            uniqueKeysWithValues: texts.map { ($0, ACL($0, roles: snapshot.rolesByName)) }
        )
    }

    package func principal(_ role: OID) -> Principal {
        Principal(role, in: snapshot) { $0.inherits || isGiven($0) }
    }

    func list(_ text: String) -> ACL {
        lists[text] ?? ACL(text, roles: snapshot.rolesByName)
    }

    /// Whether one of the roles that count for the principal was granted the privilege.
    private func grants(_ text: String, _ privilege: Privilege, to principal: Principal) -> Bool {
        list(text).entries.contains {
            $0.privileges.contains(privilege)
                && ($0.grantee == 0 || principal.effectiveRoles.contains($0.grantee))
        }
    }

    /// Whether the principal has the privilege on the whole relation.
    package func has(_ principal: Principal, _ privilege: Privilege, on relation: Relation) -> Bool
    {
        principal.isSuperuser || grants(relation.acl, privilege, to: principal)
            || predefined(principal, privilege, isSchema: false)
            || isGiven(privilege, on: .relation(relation.oid), to: principal)
    }

    /// Whether the principal has the privilege on one column, by the relation or by the column.
    package func has(
        _ principal: Principal,
        _ privilege: Privilege,
        on column: Column,
        of relation: Relation
    ) -> Bool {
        has(principal, privilege, on: relation) || isOwn(column, privilege, of: principal)
    }

    /// Whether the principal has the privilege on the relation or on any of its columns.
    package func hasAny(
        _ principal: Principal,
        _ privilege: Privilege,
        on relation: Relation
    ) -> Bool {
        has(principal, privilege, on: relation)
            || (snapshot.columns[relation.oid] ?? []).contains {
                isOwn($0, privilege, of: principal)
            }
    }

    /// Whether the privilege was granted on the column itself.
    private func isOwn(_ column: Column, _ privilege: Privilege, of principal: Principal) -> Bool {
        !column.acl.isEmpty && grants(column.acl, privilege, to: principal)
            || isGiven(privilege, on: .column(column.relation, column.number), to: principal)
    }

    /// Whether `nextval` is allowed: USAGE or UPDATE suffices.
    package func canAdvance(_ principal: Principal, _ sequence: Relation) -> Bool {
        has(principal, .usage, on: sequence) || has(principal, .update, on: sequence)
    }

    package func has(_ principal: Principal, _ privilege: Privilege, on schema: Schema) -> Bool {
        principal.isSuperuser || grants(schema.acl, privilege, to: principal)
            || predefined(principal, privilege, isSchema: true)
            || isGiven(privilege, on: .schema(schema.oid), to: principal)
    }

    package func canExecute(_ principal: Principal, _ routine: Routine) -> Bool {
        principal.isSuperuser || grants(routine.acl, .execute, to: principal)
            || isGiven(.execute, on: .routine(routine.oid), to: principal)
    }

    package func canConnect(_ principal: Principal) -> Bool {
        principal.isSuperuser || grants(snapshot.server.databaseACL, .connect, to: principal)
    }

    /// What `pg_read_all_data` and `pg_write_all_data` give (14 and later; manual, 22.5).
    private func predefined(
        _ principal: Principal,
        _ privilege: Privilege,
        isSchema: Bool
    ) -> Bool {
        func isMember(of name: String) -> Bool {
            snapshot.rolesByName[name].map { principal.effectiveRoles.contains($0.oid) } ?? false
        }
        return switch privilege {
        case .select: isMember(of: "pg_read_all_data")
        case .insert, .update, .delete: isMember(of: "pg_write_all_data")
        case .usage where isSchema:
            isMember(of: "pg_read_all_data") || isMember(of: "pg_write_all_data")
        case .maintain: isMember(of: "pg_maintain")
        default: false
        }
    }
}

/// A role together with the roles whose privileges count for it.
package struct Principal: Sendable, Hashable {
    package let role: OID
    package let isSuperuser: Bool
    /// The role itself and every role that it inherits from, directly or not.
    package let effectiveRoles: Set<OID>

    init(
        _ role: OID,
        in snapshot: Snapshot,
        by counts: (Membership) -> Bool = { $0.inherits }
    ) {
        self.role = role
        isSuperuser = snapshot.roles[role]?.isSuperuser ?? false
        effectiveRoles = snapshot.groups(of: role, by: counts)
    }

    private init(role: OID, isSuperuser: Bool, effectiveRoles: Set<OID>) {
        self.role = role
        self.isSuperuser = isSuperuser
        self.effectiveRoles = effectiveRoles
    }

    /// The principal as it would be if what another role holds did not count for it.
    func without(_ other: OID) -> Principal {
        Principal(
            role: role,
            isSuperuser: isSuperuser,
            effectiveRoles: effectiveRoles.subtracting([other])
        )
    }
}

extension Snapshot {
    /// Returns the role and all groups that it reaches over memberships of a kind.
    ///
    /// The database's owner is a member of `pg_database_owner` without a membership (manual, 22.5).
    func groups(of role: OID, by counts: (Membership) -> Bool) -> Set<OID> {
        var found: Set<OID> = [role]
        var pending = [role]
        while let member = pending.popLast() {
            for group in memberships(of: member).filter(counts).map(\.group)
            where found.insert(group).inserted { pending.append(group) }
        }
        return found
    }

    /// The memberships that a role has, granted or not.
    func memberships(of member: OID) -> [Membership] {
        var memberships = membershipsByMember[member, default: []]
        if member == server.databaseOwner, let owner = rolesByName["pg_database_owner"] {
            let inherits = server.version >= 160_000 || roles[member]?.inherits ?? true
            memberships.append(
                Membership(group: owner.oid, member: member, inherits: inherits, canSet: true)
            )
        }
        return memberships
    }

    /// Whether a session of `user` may SET ROLE to `role`.
    package func canSetRole(_ user: OID, to role: OID) -> Bool {
        roles[user]?.isSuperuser == true || groups(of: user, by: \.canSet).contains(role)
    }
}
