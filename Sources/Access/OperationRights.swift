package import Catalog
package import Trials

extension AccessMap {
    /// Whether a role's grants speak for an operation on a relation: the privileges of the relation
    /// itself, on the whole or on a column, whatever else the statement needs.
    package func speaksFor(
        _ operation: Operation,
        _ principal: Principal,
        on relation: Relation
    ) -> Bool {
        switch operation {
        case .nextval: canAdvance(principal, relation)
        case .currval:
            [.select, .usage].contains { hasAny(principal, $0, on: relation) }
        case _ where operation.bringsRow || operation.needsRow:
            operation.privileges.allSatisfy { hasAny(principal, $0, on: relation) }
        default: decision(on: operation, by: principal, relation).isAllowed
        }
    }

    /// What the catalog decides about an operation that is not carried out.
    package struct Decision: Sendable, Hashable {
        package var isAllowed: Bool
        /// One sentence that says by what it is allowed, or what would allow it.
        package var reason: String?
        /// The privileges whose grant would allow it.
        package var missing: [MissingPrivilege] = []
        /// What a reader should know although it is denied: that SET ROLE would allow it.
        package var note: String?
    }

    /// Decides about an operation on a relation by the catalog alone.
    package func decision(
        on operation: Operation,
        by principal: Principal,
        _ relation: Relation
    ) -> Decision {
        let name = relation.objectName
        if let schema = snapshot.schemas[relation.schemaOID], !has(principal, .usage, on: schema) {
            return Decision(
                isAllowed: false,
                reason: "without USAGE on its schema it cannot be named",
                missing: [missing(.usage, on: schemaName(schema), principal)]
            )
        }
        func byPrivilege(_ privilege: Privilege, onColumns: Bool = false) -> Decision {
            let holds =
                onColumns
                ? hasAny(principal, privilege, on: relation)
                : has(principal, privilege, on: relation)
            return holds
                ? Decision(isAllowed: true, reason: "the role holds \(privilege.rawValue)")
                : Decision(
                    isAllowed: false,
                    reason: "the role does not hold \(privilege.rawValue)",
                    missing: [missing(privilege, on: name, principal)]
                )
        }
        switch operation {
        case .setval: return byPrivilege(.update)
        case .truncate: return byPrivilege(.truncate)
        case .trigger: return byPrivilege(.trigger)
        case .references: return byPrivilege(.references, onColumns: true)
        case .maintain where snapshot.server.version >= 170_000: return byPrivilege(.maintain)
        case .maintain:
            // Up to 16 the database's owner may VACUUM and ANALYZE what is in it.
            return ownership(
                principal,
                [relation.owner, snapshot.server.databaseOwner],
                "it can maintain"
            )
        case .drop:
            let schemaOwner = snapshot.schemas[relation.schemaOID]?.owner
            return ownership(principal, [relation.owner, schemaOwner], "it can drop")
        default: return Decision(isAllowed: false, reason: "not decided by the catalog")
        }
    }

    /// Decides whether a role can make objects in a schema.
    package func decision(onCreatingIn schema: Schema, by principal: Principal) -> Decision {
        has(principal, .create, on: schema)
            ? Decision(isAllowed: true, reason: "the role holds CREATE")
            : Decision(
                isAllowed: false,
                reason: "the role does not hold CREATE",
                missing: [missing(.create, on: schemaName(schema), principal)]
            )
    }

    /// Decides whether a role can call a routine.
    package func decision(onExecuting routine: Routine, by principal: Principal) -> Decision {
        let schema = snapshot.schemas.values.first { $0.name == routine.schema }
        if let schema, !has(principal, .usage, on: schema) {
            return Decision(
                isAllowed: false,
                reason: "without USAGE on its schema it cannot be named",
                missing: [missing(.usage, on: schemaName(schema), principal)]
            )
        }
        return canExecute(principal, routine)
            ? Decision(isAllowed: true, reason: "the role holds EXECUTE")
            : Decision(
                isAllowed: false,
                reason: "the role does not hold EXECUTE",
                missing: [missing(.execute, on: routine.objectName, principal)]
            )
    }

    /// What only an owner, or whoever has its privileges, may do.
    private func ownership(
        _ principal: Principal,
        _ owners: [OID?],
        _ what: String
    ) -> Decision {
        let owners = owners.compactMap(\.self)
        if principal.isSuperuser {
            return Decision(isAllowed: true, reason: "as a superuser \(what)")
        }
        if let owner = owners.first(where: principal.effectiveRoles.contains) {
            let name = Identifier.displayed(snapshot.roleName(owner))
            return Decision(
                isAllowed: true,
                reason: owner == principal.role
                    ? "as the owner \(what)" : "with the privileges of the owner \(name) \(what)"
            )
        }
        let name = owners.first.map { Identifier.displayed(snapshot.roleName($0)) } ?? "the owner"
        let isReachable = owners.contains { snapshot.canSetRole(principal.role, to: $0) }
        return Decision(
            isAllowed: false,
            reason: "it takes the privileges of the owner \(name)",
            note: isReachable ? "after SET ROLE to the owner \(name) it would be allowed" : nil
        )
    }
}

extension Operation {
    /// The privileges on a table that the operation asks for; empty if others count, or none.
    package var privileges: [Privilege] {
        switch self {
        case .insert, .copy: [.insert]
        case .insertReturning: [.insert, .select]
        case .upsert, .merge: [.insert, .select, .update]
        case .select: [.select]
        case .selectForUpdate: [.select, .update]
        case .update: [.update]
        case .delete: [.delete]
        case .truncate: [.truncate]
        case .references: [.references]
        case .trigger: [.trigger]
        default: []
        }
    }
}
