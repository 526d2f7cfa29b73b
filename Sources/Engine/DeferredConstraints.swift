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

    /// Finds out whether the scaffold's deferred triggers need care.
    ///
    /// Up to PostgreSQL 17 a deferred trigger runs as whoever forces it, and the role never touches
    /// the scaffolded tables. Foreign keys are checked as their owner anyway.
    init(for draft: RowDraft, in snapshot: Snapshot) {
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
        // SET CONSTRAINTS knows a name and a schema, and takes every constraint of that name.
        early = theirs.filter { their in
            others.contains { $0.name == their.name && $0.schema == their.schema }
        }
    }

    static func list(
        _ constraints: [Constraint],
        with connection: Connection
    ) throws(PostgresError) -> String {
        var names: [String] = []
        for constraint in constraints {
            let schema = try connection.quoted(identifier: constraint.schema)
            let name = "\(schema).\(try connection.quoted(identifier: constraint.name))"
            if !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }
}
