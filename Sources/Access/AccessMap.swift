package import Catalog
internal import Trials

/// Who may do what, computed from a snapshot alone.
package struct AccessMap: Sendable {
    package let snapshot: Snapshot
    /// What inserts reach.
    package let reach: StatementReach
    /// The objects beyond the snapshot's, where they were read.
    package let objects: ObjectCatalog?
    /// Each distinct list of the snapshot, read once.
    private let lists: [String: ACL]
    /// `pg_read_all_data`, `pg_write_all_data` and `pg_maintain`, where the server has them.
    private let readers, writers, maintainers: [OID]
    /// What a proof hands out beyond what the snapshot says.
    var given: Set<Given> = []

    package init(_ snapshot: Snapshot, objects: ObjectCatalog? = nil) {
        self.snapshot = snapshot
        self.objects = objects
        reach = StatementReach(snapshot)
        func predefined(_ name: String) -> [OID] {
            snapshot.rolesByName[name].map { [$0.oid] } ?? []
        }
        readers = predefined("pg_read_all_data")
        writers = predefined("pg_write_all_data")
        maintainers = predefined("pg_maintain")
        var texts: Set<String> = [snapshot.server.databaseACL]
        texts.formUnion(snapshot.relations.values.lazy.map(\.acl))
        texts.formUnion(snapshot.schemas.values.lazy.map(\.acl))
        texts.formUnion(snapshot.routines.values.lazy.map(\.acl))
        texts.formUnion(snapshot.columns.values.joined().lazy.map(\.acl))
        texts.formUnion((objects?.objects ?? []).lazy.map(\.acl))
        lists = Dictionary(
            uniqueKeysWithValues: texts.map { ($0, ACL($0, roles: snapshot.rolesByName)) }
        )
    }

    package func principal(_ role: OID) -> Principal {
        Principal(role, in: snapshot) { $0.inherits || isGiven($0) }
    }

    /// The role as it would be if every membership inherited.
    package func principalAsIfInheriting(_ role: OID) -> Principal {
        Principal(role, in: snapshot) { _ in true }
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

    /// Whether a list, or a role that comes with the server, gives the principal the privilege on an
    /// object of the kind.
    private func has(
        _ principal: Principal,
        _ privilege: Privilege,
        by acl: String,
        on kind: ObjectKind
    ) -> Bool {
        principal.isSuperuser || grants(acl, privilege, to: principal)
            || predefinedRoles(with: privilege, on: kind).contains(
                where: principal.effectiveRoles.contains
            )
    }

    /// Whether the principal has the privilege, whatever the object is; for a relation, on the whole
    /// of it.
    ///
    /// No list opens an untrusted language: only a superuser may write functions in it.
    package func has(
        _ principal: Principal,
        _ privilege: Privilege,
        on object: SecuredObject
    ) -> Bool {
        if isUnchecked(object) { return true }
        if object.isUntrusted { return principal.isSuperuser }
        return has(principal, privilege, by: object.acl, on: object.kind)
    }

    /// Whether a setting of the server switches the check of the object's privileges off.
    func isUnchecked(_ object: SecuredObject) -> Bool {
        object.kind == .largeObject && objects?.ignoresLargeObjectPrivileges ?? false
    }

    /// Whether the principal has the privilege on the whole relation.
    package func has(_ principal: Principal, _ privilege: Privilege, on relation: Relation) -> Bool
    {
        has(principal, privilege, by: relation.acl, on: relation.kind)
            || isGiven(privilege, on: .relation(relation.oid), to: principal)
    }

    /// Whether the principal has the privilege on one column, by the relation or by the column.
    package func has(
        _ principal: Principal,
        _ privilege: Privilege,
        on column: Column,
        of relation: Relation
    ) -> Bool {
        has(principal, privilege, on: relation) || hasOnColumn(principal, privilege, [column])
    }

    /// Whether the principal was granted the privilege on one of the columns themselves.
    func hasOnColumn(
        _ principal: Principal,
        _ privilege: Privilege,
        _ columns: [Column]
    ) -> Bool {
        columns.contains { column in
            !column.acl.isEmpty && grants(column.acl, privilege, to: principal)
                || isGiven(privilege, on: .column(column.relation, column.number), to: principal)
        }
    }

    /// Whether the principal has the privilege on the relation or on any of its columns.
    package func hasAny(
        _ principal: Principal,
        _ privilege: Privilege,
        on relation: Relation
    ) -> Bool {
        has(principal, privilege, on: relation)
            || hasOnColumn(principal, privilege, snapshot.columns[relation.oid] ?? [])
    }

    /// Whether `nextval` is allowed: USAGE or UPDATE suffices.
    package func canAdvance(_ principal: Principal, _ sequence: Relation) -> Bool {
        has(principal, .usage, on: sequence) || has(principal, .update, on: sequence)
    }

    package func has(_ principal: Principal, _ privilege: Privilege, on schema: Schema) -> Bool {
        has(principal, privilege, by: schema.acl, on: .schema)
            || isGiven(privilege, on: .schema(schema.oid), to: principal)
    }

    package func canExecute(_ principal: Principal, _ routine: Routine) -> Bool {
        has(principal, .execute, by: routine.acl, on: .function)
            || isGiven(.execute, on: .routine(routine.oid), to: principal)
    }

    package func canConnect(_ principal: Principal) -> Bool {
        has(principal, .connect, by: snapshot.server.databaseACL, on: .database)
    }

    /// The roles that come with the server and have the privilege on every object of the kind (14
    /// and later; manual, 22.5).
    func predefinedRoles(with privilege: Privilege, on kind: ObjectKind) -> [OID] {
        let isRelation = kind.hasColumns || kind == .sequence
        return switch privilege {
        case .select where isRelation: readers
        case .insert where isRelation, .update where isRelation, .delete where isRelation: writers
        case .usage where kind == .schema: readers + writers
        case .maintain where isRelation: maintainers
        default: []
        }
    }
}

extension SecuredObject {
    /// Whether only superusers may use the object, whatever its ACL says.
    package var isUntrusted: Bool { kind == .language && detail == "untrusted" }
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
