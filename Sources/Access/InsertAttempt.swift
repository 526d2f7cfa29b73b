package import Catalog
internal import Trials

/// What is known of one INSERT that was tried: enough to understand its error.
package struct InsertAttempt: Sendable {
    package let role: Role
    package let relation: Relation
    /// The numbers of the columns that the statement named.
    package let named: Set<Int>
    /// Whether the error came when deferred constraints were forced, after the row was in.
    package let isForcingConstraints: Bool
    /// Whether the role's settings make its transactions read only.
    package let isReadOnlyBySetting: Bool

    package init(
        role: Role,
        relation: Relation,
        named: Set<Int>,
        isForcingConstraints: Bool,
        isReadOnlyBySetting: Bool = false
    ) {
        self.role = role
        self.relation = relation
        self.named = named
        self.isForcingConstraints = isForcingConstraints
        self.isReadOnlyBySetting = isReadOnlyBySetting
    }
}

/// A relation that an INSERT reaches: the one that is named or, behind a view, its base.
struct InsertLayer {
    let relation: Relation
    /// The role whose privileges the server asks for here.
    let checkedAs: OID
    /// The columns that get their default, generated ones and identities among them.
    let unnamed: [Column]
}

extension AccessMap {
    /// Returns the relation and, for views that the server writes through, the bases beneath.
    func layers(of attempt: InsertAttempt) -> [InsertLayer] {
        var layers: [InsertLayer] = []
        var pending: [(relation: Relation, checkedAs: OID, names: Set<String>)] = []
        let columns = snapshot.columns[attempt.relation.oid] ?? []
        let names = Set(columns.filter { attempt.named.contains($0.number) }.map(\.name))
        pending.append((attempt.relation, attempt.role.oid, names))
        while let (relation, checkedAs, names) = pending.popLast(), layers.count < 32 {
            let columns = snapshot.columns[relation.oid] ?? []
            layers.append(
                InsertLayer(
                    relation: relation,
                    checkedAs: checkedAs,
                    unnamed: columns.filter { !names.contains($0.name) }
                )
            )
            // What a table's rules for INSERT do is done with its owner's rights, as a view's is.
            guard !snapshot.hasInsteadTrigger(relation, on: .insert) else { continue }
            let baseUser = relation.isSecurityInvoker ? checkedAs : relation.owner
            for base in snapshot.reach.viewBases[relation.oid] ?? [] {
                if let base = snapshot.relations[base] { pending.append((base, baseUser, names)) }
            }
        }
        return layers
    }
}

extension InsertLayer {
    /// The columns whose value comes from a sequence, in the order in which defaults are computed.
    func sequenceColumns(in snapshot: Snapshot) -> [(column: Column, sequence: Relation)] {
        unnamed.flatMap { column in
            let place = Reach.Place(relation: relation.oid, column: column.number)
            let sequences =
                (snapshot.reach.defaultSequences[place] ?? [])
                + (snapshot.reach.identitySequences[place].map { [$0] } ?? [])
            return sequences.compactMap { snapshot.relations[$0] }.map { (column, $0) }
        }
    }
}
