internal import Catalog
internal import Postgres
internal import Trials

/// What the server asked for when it said no, by the function that reported it.
enum Asked {
    case nextval
    case currval
    case setval
    case anything

    init(_ error: ServerError) {
        self =
            switch error.sourceFunction {
            case "nextval_internal": .nextval
            case "currval_oid", "lastval": .currval
            case "do_setval", "SetSequence": .setval
            default: .anything
            }
    }
}

extension AccessMap {
    /// The objects that pieces of code name and that the catalog says are closed to a role, in the
    /// order in which they are named.
    ///
    /// Which of them it was only a proof can tell: code may name what it never touches.
    func closedObjects(
        namedIn texts: [String],
        to user: Principal,
        _ asked: Asked
    ) -> [MissingPrivilege] {
        var first: [MissingPrivilege] = []
        var others: [MissingPrivilege] = []
        for text in texts {
            let words = Words(text)
            let names = words.names
            for name in names {
                let schemas = words.qualifiers(of: name)
                for relation in reach.byName[name] ?? []
                where schemas?.contains(relation.schema) ?? true {
                    let (needed, further) = closed(relation, to: user, words, asked)
                    first += needed
                    others += further
                }
                guard case .anything = asked else { continue }
                for routine in reach.routinesByName[name] ?? []
                where !routine.isBuiltIn && !canExecute(user, routine) {
                    first.append(missing(.execute, on: routine.objectName, user))
                }
            }
            guard case .anything = asked else { continue }
            first.insert(contentsOf: closedSchemas(namedIn: names, to: user), at: 0)
        }
        var seen: Set<MissingPrivilege> = []
        return (first + others).filter { seen.insert($0).inserted }
    }

    /// Closed schemas that are named, or that hold what is named.
    private func closedSchemas(namedIn names: [String], to user: Principal) -> [MissingPrivilege] {
        let closed = snapshot.schemas.values.filter { !has(user, .usage, on: $0) }
            .sorted { $0.name < $1.name }
        guard !closed.isEmpty else { return [] }
        let isNamed = Set(names)
        let holders = Set(
            names.flatMap { name in
                (reach.byName[name] ?? []).map(\.schemaOID)
                    + (reach.routinesByName[name] ?? []).compactMap {
                        schema(named: $0.schema)?.oid
                    }
            }
                + snapshot.types.values.filter { isNamed.contains($0.name) }
                .compactMap { schema(named: $0.schema)?.oid }
        )
        let named = closed.filter { isNamed.contains($0.name) }
        let holding = closed.filter { holders.contains($0.oid) && !isNamed.contains($0.name) }
        return (named + holding).map { missing(.usage, on: schemaName($0), user) }
    }

    /// What a role lacks on a relation that is named: what the statement around the name needs, and
    /// what else it may need.
    private func closed(
        _ relation: Relation,
        to user: Principal,
        _ words: Words,
        _ asked: Asked
    ) -> (needed: [MissingPrivilege], further: [MissingPrivilege]) {
        switch asked {
        case .nextval:
            let sequences =
                relation.kind == .sequence ? [relation] : defaultSequences(of: relation)
            return (
                sequences.filter { !canAdvance(user, $0) }
                    .map { missing(.usage, on: $0.objectName, user) }, []
            )
        case .currval, .setval:
            let sequences =
                relation.kind == .sequence ? [relation] : defaultSequences(of: relation)
            let privilege: Privilege = if case .currval = asked { .select } else { .update }
            return (
                sequences.filter {
                    !has(user, privilege, on: $0)
                        && (privilege == .update || !has(user, .usage, on: $0))
                }
                .map { missing(privilege, on: $0.objectName, user) }, []
            )
        case .anything:
            let stated = words.places(of: relation.name).compactMap { words.privilege(at: $0) }
            guard relation.kind != .sequence else {
                // A sequence is read like a table, too.
                return ([], lacking([.select], on: relation, words, user))
            }
            let all: [Privilege] = [.select, .insert, .update, .delete]
            let others = all.filter { !stated.contains($0) }
            return (
                lacking(stated, on: relation, words, user)
                    + lackingBeneath(relation, stated, words, user),
                lacking(others, on: relation, words, user)
                    + lackingBeneath(relation, others, words, user)
            )
        }
    }

    /// What the owners of views lack beneath them; a view of its invoker's rights is read with those
    /// of whoever reads it.
    private func lackingBeneath(
        _ view: Relation,
        _ privileges: [Privilege],
        _ words: Words,
        _ user: Principal
    ) -> [MissingPrivilege] {
        guard view.kind == .view, !privileges.isEmpty else { return [] }
        var found: [MissingPrivilege] = []
        var pending = [(view, user)]
        var visited: Set<OID> = []
        while let (view, user) = pending.popLast(), visited.insert(view.oid).inserted {
            let reader = view.isSecurityInvoker ? user : principal(view.owner)
            for base in snapshot.reach.viewBases[view.oid] ?? [] {
                guard let base = snapshot.relations[base] else { continue }
                found += lacking(privileges, on: base, words, reader)
                if base.kind == .view { pending.append((base, reader)) }
            }
        }
        return found
    }

    /// The privileges that a role lacks on a relation or, where it holds some on columns, on those
    /// columns that are named.
    private func lacking(
        _ privileges: [Privilege],
        on relation: Relation,
        _ words: Words,
        _ user: Principal
    ) -> [MissingPrivilege] {
        privileges.flatMap { privilege -> [MissingPrivilege] in
            guard !has(user, privilege, on: relation) else { return [] }
            guard holdsColumns(user, of: relation) else {
                return [missing(privilege, on: relation.objectName, user)]
            }
            guard Privilege.all(on: .column, version: 0).contains(privilege) else {
                return [missing(privilege, on: relation.objectName, user)]
            }
            let closed = (snapshot.columns[relation.oid] ?? [])
                .filter { !has(user, privilege, on: $0, of: relation) }
            let named = closed.filter { words.contain($0.name) }
            let others = closed.filter { !words.contain($0.name) }
            // A statement may mean all columns without naming any.
            return (named + (hasAny(user, privilege, on: relation) ? others : []))
                .map { missing(privilege, on: relation.objectName, user, column: $0.name) }
                + (hasAny(user, privilege, on: relation)
                    ? [] : [missing(privilege, on: relation.objectName, user)])
        }
    }

    /// Whether a role was granted something on single columns of a relation: it is not meant to have
    /// the whole.
    func holdsColumns(_ user: Principal, of relation: Relation) -> Bool {
        [Privilege.select, .insert, .update, .references].contains { privilege in
            !has(user, privilege, on: relation) && hasAny(user, privilege, on: relation)
        }
    }

    private func defaultSequences(of relation: Relation) -> [Relation] {
        (snapshot.columns[relation.oid] ?? []).flatMap { column in
            let place = Reach.Place(relation: relation.oid, column: column.number)
            return snapshot.reach.defaultSequences[place] ?? []
        }.compactMap { snapshot.relations[$0] }
    }

    /// The server's own functions that are closed to all but superusers and named in the texts.
    func closedBuiltIns(namedIn texts: [String], to user: Principal) -> [Routine] {
        texts.flatMap { Words($0).names }.flatMap { reach.routinesByName[$0] ?? [] }
            .filter { $0.isBuiltIn && !canExecute(user, $0) }
    }
}
