internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// The columns of a view to which no statement can give a value, since those beneath are generated
    /// or identities ALWAYS, or beside others that stand for the same one (manual, CREATE VIEW, Updatable
    /// Views).
    ///
    /// The server is asked which columns stand for which; where it will not say, names tell.
    func fixedColumns(of view: Relation) throws(PostgresError) -> Set<Int> {
        guard view.kind == .view else { return [] }
        if let known = fixedColumns[view.oid] { return known }
        let snapshot = context.snapshot
        let beneath = context.reach.written(by: view.oid).subtracting([view.oid])
            .flatMap { snapshot.columns[$0] ?? [] }
        let fixed = beneath.filter { $0.isGenerated || $0.generation == .identityAlways }
        let own = (snapshot.columns[view.oid] ?? []).filter(\.isWritable)
        let names = Set(beneath.map(\.name))
        let renamed = own.filter { !names.contains($0.name) }
        let hasCode = (snapshot.triggers[view.oid] ?? []).contains { $0.isBefore && $0.isEnabled }
        var found: Set<Int> = []
        if !fixed.isEmpty || !renamed.isEmpty && !hasCode {
            if let base = try lookup.base(of: view) {
                for column in fixed where column.relation == base.table {
                    if let own = base.columns[column.number] { found.insert(own) }
                }
                if !hasCode {
                    found.formUnion(Set(own.map(\.number)).subtracting(base.columns.values))
                }
            } else {
                let names = Set(fixed.map(\.name))
                found = Set(own.filter { names.contains($0.name) }.map(\.number))
            }
        }
        fixedColumns[view.oid] = found
        return found
    }
}
