internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis

/// How the deferred constraints of a trial are forced under the right role.
struct DeferredConstraints {
    /// Constraints to force once the scaffold is in place, and to defer again; their names are also
    /// those of constraints that concern the trial.
    private(set) var early: [Constraint] = []
    /// Constraints to force under the role, one by one; `nil` if all can be forced there at once.
    private(set) var named: [Constraint]?
    /// The scaffold's own, by the owner that puts their tables' rows in place and so has to force
    /// them; those of the connecting role's rows are left to it.
    private(set) var ofOwners: [String: [Constraint]] = [:]

    /// Finds out whether the scaffold's deferred triggers need care.
    ///
    /// Up to PostgreSQL 17 a deferred trigger runs as whoever forces it, and the role never touches
    /// the scaffolded tables. Foreign keys are checked as their owner anyway.
    init(for draft: RowDraft, in snapshot: Snapshot, inserter: (Relation) -> String?) {
        let scaffolded = Set(draft.scaffold.map(\.relation.oid)).subtracting([
            draft.row.relation.oid
        ])
        let theirs = scaffolded.flatMap { snapshot.deferredTriggers[$0] ?? [] }
        guard !theirs.isEmpty else { return }
        let others = snapshot.deferredTriggers
            .filter { !scaffolded.contains($0.key) }
            .flatMap(\.value)
            .sorted { $0.oid < $1.oid }
        let own = (snapshot.constraints[draft.row.relation.oid] ?? [])
            .filter {
                $0.isInitiallyDeferred && [.unique, .primaryKey, .exclusion].contains($0.kind)
            }
        named = others + own
        for constraint in theirs {
            guard let owner = snapshot.relations[constraint.relation].flatMap(inserter) else {
                continue
            }
            ofOwners[owner, default: []].append(constraint)
        }
        // SET CONSTRAINTS knows a name and a schema, and takes every constraint of that name.
        early = theirs.filter { their in
            others.contains { $0.name == their.name && $0.schema == their.schema }
        }
    }

    /// Those of the constraints that the role may name: SET CONSTRAINTS asks for USAGE on the schema.
    func named(within role: Role, _ context: RunContext) -> [Constraint] {
        let principal = context.access.principal(role.oid)
        return (named ?? []).filter { constraint in
            let relation = context.snapshot.relations[constraint.relation]
            let schema = relation.flatMap { context.snapshot.schemas[$0.schemaOID] }
            return schema.map { context.access.has(principal, .usage, on: $0) } ?? false
        }
    }

    /// The statements that force the scaffold's constraints while nothing of the trial is there, and
    /// defer them again.
    func earlyLines(with connection: Connection) throws(PostgresError) -> [String] {
        guard !early.isEmpty else { return [] }
        var lines = try ownersLines(early.map(\.oid), with: connection)
        let list = try Self.list(early, with: connection)
        lines.append("SET CONSTRAINTS \(list) IMMEDIATE")
        lines.append("SET CONSTRAINTS \(list) DEFERRED")
        return lines
    }

    /// The statements that force the scaffold's constraints, and whatever is left, at the end.
    func lastLines(with connection: Connection) throws(PostgresError) -> [String] {
        let all = ofOwners.values.flatMap { $0.map(\.oid) }
        return try ownersLines(all, with: connection) + [
            "SET LOCAL ROLE NONE", "SET CONSTRAINTS ALL IMMEDIATE",
        ]
    }

    /// The statements that force the owners' constraints under them.
    private func ownersLines(
        _ forced: [OID],
        with connection: Connection
    ) throws(PostgresError) -> [String] {
        var lines: [String] = []
        for (owner, constraints) in ofOwners.sorted(by: { $0.key < $1.key }) {
            let chosen = constraints.filter { forced.contains($0.oid) }
            guard !chosen.isEmpty else { continue }
            lines.append("SET LOCAL ROLE \(try connection.quoted(identifier: owner))")
            let list = try Self.list(chosen, with: connection)
            lines.append("SET CONSTRAINTS \(list) IMMEDIATE")
        }
        return lines.isEmpty ? [] : lines + ["SET LOCAL ROLE NONE"]
    }

    static func list(
        _ constraints: [Constraint],
        with connection: Connection
    ) throws(PostgresError) -> String {
        var names: [String] = []
        for constraint in constraints {
            let name = try connection.quoted(identifier: constraint.name, in: constraint.schema)
            if !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }
}
