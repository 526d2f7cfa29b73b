package import Catalog
package import Trials

/// What is known of one statement that was tried: enough to understand its error.
package struct StatementAttempt: Sendable {
    /// A privilege that the statement asks for.
    package struct Need: Sendable, Hashable {
        package let privilege: Privilege
        /// The numbers of the columns that it is asked for; empty if any column will do.
        package let columns: Set<Int>

        package init(_ privilege: Privilege, on columns: Set<Int> = []) {
            self.privilege = privilege
            self.columns = columns
        }
    }

    package let operation: Operation
    package let role: Role
    package let relation: Relation
    /// The numbers of the columns that an INSERT names.
    package let named: Set<Int>
    /// What the statement asks for on the relation, the first first.
    package let needs: [Need]
    /// Whether the error came when deferred constraints were forced, after the row was in.
    package let isForcingConstraints: Bool
    /// Whether the role's settings make its transactions read only.
    package let isReadOnlyBySetting: Bool
    /// The parameters that the role's sessions have a value for, beyond the server's own.
    package let settings: Set<String>

    package init(
        _ operation: Operation = .insert,
        role: Role,
        relation: Relation,
        named: Set<Int>,
        needs: [Need]? = nil,
        isForcingConstraints: Bool,
        isReadOnlyBySetting: Bool = false,
        settings: Set<String> = []
    ) {
        self.operation = operation
        self.role = role
        self.relation = relation
        self.named = named
        self.needs = needs ?? [Need(.insert, on: named)]
        self.isForcingConstraints = isForcingConstraints
        self.isReadOnlyBySetting = isReadOnlyBySetting
        self.settings = settings
    }

    /// What the statement does to the relation; `nil` if it only reads.
    var event: Relation.Event? {
        switch operation {
        case .update: .update
        case .delete: .delete
        default: operation.bringsRow ? .insert : nil
        }
    }

    /// The statements whose policies the row must satisfy, the first first.
    var policyCommands: [Policy.Command] { operation.policyCommands }
}

extension Operation {
    /// What happens to rows of the relation in a trial, the row that is put in place for it among them.
    package var events: Set<Relation.Event> {
        switch self {
        case .upsert, .merge, .update: [.insert, .update]
        case .delete: [.insert, .delete]
        default: [.insert]
        }
    }

    /// The statements whose policies the operation's row must satisfy, the first first.
    package var policyCommands: [Policy.Command] {
        switch self {
        case .insertReturning: [.insert, .select]
        case .upsert, .merge: [.insert, .select, .update]
        case .select: [.select]
        case .selectForUpdate: [.select, .update]
        case .update: [.update, .select]
        case .delete: [.delete, .select]
        default: [.insert]
        }
    }
}

/// A relation that a statement reaches: the one that is named or, behind a view, its base.
struct StatementLayer {
    let relation: Relation
    /// The role whose privileges the server asks for here.
    let checkedAs: OID
    /// What the server asks for here.
    let needs: [StatementAttempt.Need]
    /// Whether values are computed and checked: an INSERT or UPDATE comes through.
    let isWritten: Bool
    /// The columns that get their default, generated ones and identities among them.
    let unnamed: [Column]
    /// Whether a rule leads here, of which is not known what it does.
    let isOfRule: Bool
}

extension AccessMap {
    /// Returns the relation and, for views that the server sees through, the bases beneath.
    func layers(of attempt: StatementAttempt) -> [StatementLayer] {
        var layers: [StatementLayer] = []
        var pending = [(attempt.relation, attempt.role.oid, attempt.needs, attempt.event, false)]
        let names = columnNames(attempt.named, of: attempt.relation)
        while let (relation, checkedAs, needs, event, isOfRule) = pending.popLast(),
            layers.count < 32
        {
            layers.append(
                StatementLayer(
                    relation: relation,
                    checkedAs: checkedAs,
                    needs: needs,
                    isWritten: event == .insert || event == .update,
                    unnamed: unnamed(of: relation, named: names, event),
                    isOfRule: isOfRule
                )
            )
            // What a table's rules for INSERT do is done with its owner's rights, as a view's is.
            let stops = event.map { snapshot.hasInsteadTrigger(relation, on: $0) } ?? false
            let readsBase = event != .insert
            guard !stops || readsBase else { continue }
            guard relation.kind == .view || event == .insert else { continue }
            let baseUser = relation.isSecurityInvoker ? checkedAs : relation.owner
            for base in snapshot.reach.viewBases[relation.oid] ?? [] {
                guard let base = snapshot.relations[base] else { continue }
                let passed = stops ? [] : translated(needs, from: relation, to: base)
                let read = readsBase ? [StatementAttempt.Need(.select)] : []
                let isOfRule = isOfRule || relation.kind != .view
                pending.append((base, baseUser, passed + read, stops ? nil : event, isOfRule))
            }
        }
        return layers
    }

    private func columnNames(_ numbers: Set<Int>, of relation: Relation) -> Set<String> {
        Set(numbers.compactMap { snapshot.column($0, of: relation.oid)?.name })
    }

    /// The columns whose values the server computes.
    private func unnamed(
        of relation: Relation,
        named names: Set<String>,
        _ event: Relation.Event?
    ) -> [Column] {
        let columns = snapshot.columns[relation.oid] ?? []
        return switch event {
        case .insert: columns.filter { !names.contains($0.name) }
        case .update: columns.filter { $0.generation == .stored }
        case .delete, nil: []
        }
    }

    /// The same needs on the columns of the same names.
    private func translated(
        _ needs: [StatementAttempt.Need],
        from view: Relation,
        to base: Relation
    ) -> [StatementAttempt.Need] {
        needs.map { need in
            let names = columnNames(need.columns, of: view)
            let columns = (snapshot.columns[base.oid] ?? []).filter { names.contains($0.name) }
            return StatementAttempt.Need(need.privilege, on: Set(columns.map(\.number)))
        }
    }
}

extension StatementLayer {
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
