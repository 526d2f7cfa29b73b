internal import Catalog
internal import Trials

extension Rule {
    static let viewLendsRights = Rule(
        "view-lends-rights",
        .warning,
        "A view reads a table with row security with its owner's rights.",
        page: """
            A view reads its tables as its owner unless it says `security_invoker` (from 15). Where the \
            owner is the table's owner, a superuser or has `BYPASSRLS`, policies do not hold for \
            whoever reads the view; else the owner's policies hold, not the reader's. A materialized \
            view always keeps what its owner saw.

            Leave it where the view is there to show what the policies hide.
            """
    ) { subject in
        subject.relations.compactMap { view in
            guard [.view, .materializedView].contains(view.kind) else { return nil }
            let readers = subject.roles.filter { role in
                guard let principal = subject.principals[role.oid], !role.isSuperuser else {
                    return false
                }
                return !principal.effectiveRoles.contains(view.owner)
                    && [Privilege.select, .insert, .update, .delete].contains {
                        subject.access.hasAny(principal, $0, on: view)
                    }
            }
            guard !readers.isEmpty, let lent = subject.lent(by: view).first else { return nil }
            let owner = Identifier.displayed(subject.snapshot.roleName(lent.user))
            let effect =
                subject.isExempt(lent.user, from: lent.table)
                ? "for whom its policies do not hold" : "for whom other policies can hold"
            let canInvoke =
                view.kind == .view && subject.snapshot.server.version >= 150_000
            return Remark(
                object: view.objectName,
                reason:
                    "\(subject.listed(readers)) reaches \(lent.table.objectName.displayed), which "
                    + "has row security, with the rights of \(owner), \(effect)",
                mending: canInvoke
                    ? [
                        Cure(
                            sql: "ALTER VIEW \(Identifier.sql(view.objectName)) "
                                + "SET (security_invoker = true)",
                            runBy: subject.snapshot.roleName(view.owner),
                            isProven: false
                        )
                    ] : []
            )
        }
    }
}

extension LintSubject {
    /// The tables with row security that a view reaches as somebody else than its reader.
    fileprivate func lent(by view: Relation) -> [(table: Relation, user: OID)] {
        var found: [(table: Relation, user: OID)] = []
        var seen: Set<OID> = []
        func visit(_ relation: Relation, as user: OID?) {
            guard seen.insert(relation.oid).inserted else { return }
            let isView = relation.kind == .view || relation.kind == .materializedView
            guard isView else {
                if relation.hasRowSecurity, let user { found.append((relation, user)) }
                return
            }
            let bases =
                relation.kind == .view
                ? snapshot.reach.viewBases[relation.oid]
                : access.objects?.materializedBases[relation.oid]
            for base in (bases ?? []).compactMap({ snapshot.relations[$0] }) {
                visit(base, as: relation.isSecurityInvoker ? user : relation.owner)
            }
        }
        visit(view, as: nil)
        return found
    }

    fileprivate func isExempt(_ user: OID, from table: Relation) -> Bool {
        let role = snapshot.roles[user]
        let owns = access.principal(user).effectiveRoles.contains(table.owner)
        return role?.isSuperuser == true || role?.bypassesRowSecurity == true
            || owns && !table.forcesRowSecurity
    }
}
