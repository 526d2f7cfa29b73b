internal import Access
internal import Catalog
internal import RowSynthesis
internal import Trials

extension RunContext {
    /// What SET membership in owners would have changed in a run, as notes that name them.
    func wantedMemberships(
        consumed sequences: some Sequence<OID>,
        records: [Record]
    ) -> [String] {
        guard !user.isSuperuser else { return [] }
        var notes: [String] = []
        if options.sequences == .auto {
            let names = foreignOwners(of: sequences.compactMap { snapshot.relations[$0] })
            if !names.isEmpty {
                notes.append(
                    "no value would be consumed with SET membership in the sequences' owners: \(names)"
                )
            }
        }
        let unread = records.filter { $0.verdict == .inconclusive }
            .compactMap { snapshot.relationsByName[$0.trial.object] }
            .filter { reader($0) == .nobody }
        let names = foreignOwners(of: unread)
        if !names.isEmpty {
            notes.append(
                "rows that are there could not be looked at, and a new one may repeat them; SET "
                    + "membership in the tables' owners would allow it: \(names)"
            )
        }
        let unplaced = records.filter { $0.verdict == .inconclusive && $0.trial.operation.needsRow }
            .compactMap { snapshot.relationsByName[$0.trial.object] }
            .filter { inserter($0) == nil && !hasAccess(user, .insert, to: $0) }
        let closed = foreignOwners(of: unplaced)
        if !closed.isEmpty {
            notes.append(
                "no row could be put in place for statements to work on; SET membership in the "
                    + "tables' owners would allow it: \(closed)"
            )
        }
        return notes
    }

    /// Names the owners whom the connecting role cannot become.
    private func foreignOwners(of relations: [Relation]) -> String {
        let owners = Set(relations.map(\.owner))
            .subtracting(user.effectiveRoles)
            .filter { !snapshot.canSetRole(user.role, to: $0) }
        return owners.map { snapshot.roleName($0) }.sorted().map(Identifier.displayed)
            .joined(separator: ", ")
    }
}
