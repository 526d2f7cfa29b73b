internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// The columns of a view to which no statement can give a value, since those beneath are generated
    /// or identities ALWAYS (manual, CREATE VIEW, Updatable Views).
    ///
    /// The server is asked which columns stand for which; where it will not say, names tell.
    func fixedColumns(of view: Relation) throws(PostgresError) -> Set<Int> {
        guard view.kind == .view else { return [] }
        if let known = fixedColumns[view.oid] { return known }
        let fixed = context.reach.written(by: view.oid).subtracting([view.oid])
            .flatMap { context.snapshot.columns[$0] ?? [] }
            .filter { $0.isGenerated || $0.generation == .identityAlways }
        var found: Set<Int> = []
        if !fixed.isEmpty {
            if let base = try lookup.base(of: view) {
                for column in fixed where column.relation == base.table {
                    if let own = base.columns[column.number] { found.insert(own) }
                }
            } else {
                let names = Set(fixed.map(\.name))
                found = Set(
                    (context.snapshot.columns[view.oid] ?? []).filter { names.contains($0.name) }
                        .map(\.number)
                )
            }
        }
        fixedColumns[view.oid] = found
        return found
    }
}
