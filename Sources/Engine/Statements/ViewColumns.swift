internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// What the server says of a view's columns, as far as statements must know it.
struct ViewColumns {
    /// Those to which no statement can give a value, since those beneath are generated or identities
    /// ALWAYS.
    var fixed: Set<Int> = []
    /// The columns beneath, of which a statement may set each once.
    var beneath: [Int: Int] = [:]
}

extension LaneRunner {
    /// Tells what a view's columns stand for (manual, CREATE VIEW, Updatable Views).
    ///
    /// The server is asked; where it will not say, names must tell.
    func viewColumns(of view: Relation) throws(PostgresError) -> ViewColumns {
        guard view.kind == .view else { return ViewColumns() }
        if let known = viewColumns[view.oid] { return known }
        let snapshot = context.snapshot
        let beneath = context.reach.written(by: view.oid).subtracting([view.oid])
            .flatMap { snapshot.columns[$0] ?? [] }
        let fixed = beneath.filter { $0.isGenerated || $0.generation == .identityAlways }
        let own = (snapshot.columns[view.oid] ?? []).filter(\.isWritable)
        let hasCode = (snapshot.triggers[view.oid] ?? []).contains { $0.isBefore && $0.isEnabled }
        var found = ViewColumns()
        if !fixed.isEmpty || !hasCode, own.count > 1 {
            if let base = try lookup.base(of: view) {
                found.beneath = base.beneath
                let fixed = Set(fixed.filter { $0.relation == base.table }.map(\.number))
                found.fixed = Set(base.beneath.filter { fixed.contains($0.value) }.keys)
            } else {
                let names = Set(fixed.map(\.name))
                found.fixed = Set(own.filter { names.contains($0.name) }.map(\.number))
            }
        }
        viewColumns[view.oid] = found
        return found
    }
}
