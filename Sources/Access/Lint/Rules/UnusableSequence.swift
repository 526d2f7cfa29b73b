internal import Catalog
internal import Trials

extension Rule {
    static let unusableSequence = Rule(
        "sequence-unusable",
        .error,
        "A role may insert into a table but not draw from the sequence of its default.",
        page: """
            Every `INSERT` that leaves the column to its default dies with `permission denied for \
            sequence`. `GRANT INSERT` on a table does not reach the sequence of a `serial` column or \
            of a `DEFAULT nextval(…)`; `USAGE` on the sequence has to be granted as well. Identity \
            columns need no grant and are not reported.

            Leave it only if the role always gives the column's value itself.
            """
    ) { subject in
        let access = subject.access
        var stuck: [OID: [(role: Role, relation: Relation)]] = [:]
        for fed in subject.insertable where !fed.column.isIdentity {
            for role in subject.inUse {
                guard let principal = subject.principals[role.oid],
                    access.hasAny(principal, .insert, on: fed.relation),
                    !access.canAdvance(principal, fed.sequence)
                else { continue }
                stuck[fed.sequence.oid, default: []].append((role, fed.relation))
            }
        }
        return subject.sequences.compactMap { sequence in
            guard let places = stuck[sequence.oid] else { return nil }
            let tables = subject.listed(places.map(\.relation.name))
            var grantees: [OID] = []
            for (role, relation) in places {
                let grantee = subject.inserter(role, on: relation)
                if !grantees.contains(grantee) { grantees.append(grantee) }
            }
            return Remark(
                object: sequence.objectName,
                reason: "\(subject.listed(places.map(\.role))) may insert into \(tables), whose "
                    + "default draws from it, but holds neither USAGE nor UPDATE",
                mending: grantees.map {
                    subject.granting(
                        [.usage],
                        on: sequence.objectName,
                        to: $0,
                        by: sequence.owner
                    )
                }
            )
        }
    }
}

extension LintSubject {
    /// The fed columns of what can be inserted into; a view draws as whoever uses it.
    fileprivate var insertable: [FedColumn] {
        let ofTables = fedColumns.filter { $0.relation.acceptsInsert != false }
        let byTable = Dictionary(grouping: ofTables, by: \.relation.oid)
        let ofViews = relations.filter { $0.kind == .view && $0.acceptsInsert == true }
            .flatMap { view in
                snapshot.baseTables(of: view).flatMap { byTable[$0.oid] ?? [] }.map {
                    FedColumn(relation: view, column: $0.column, sequence: $0.sequence)
                }
            }
        return ofTables + ofViews
    }

    /// The role by whose grant another may insert: the group where there is one, else itself.
    fileprivate func inserter(_ role: Role, on relation: Relation) -> OID {
        let groups = principals[role.oid]?.effectiveRoles ?? []
        let columns = snapshot.columns[relation.oid] ?? []
        let entries = ([relation.acl] + columns.map(\.acl).filter { !$0.isEmpty })
            .flatMap { access.list($0).entries }
            .filter { $0.privileges.contains(.insert) && groups.contains($0.grantee) }
        let direct = entries.contains { $0.grantee == role.oid }
        return direct ? role.oid : entries.first?.grantee ?? role.oid
    }
}

extension Snapshot {
    /// The tables beneath a view, through other views.
    func baseTables(of view: Relation) -> [Relation] {
        var found: [Relation] = []
        var seen: Set<OID> = [view.oid]
        var pending = [view.oid]
        while let next = pending.popLast() {
            for base in reach.viewBases[next] ?? [] where seen.insert(base).inserted {
                guard let relation = relations[base] else { continue }
                if relation.kind == .view { pending.append(base) } else { found.append(relation) }
            }
        }
        return found
    }
}
