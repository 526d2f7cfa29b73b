internal import Catalog
internal import Trials

extension Rule {
    static let sequenceBehind = Rule(
        "sequence-behind",
        .error,
        "The next value of a sequence is in its table already.",
        page: """
            After rows with explicit ids, as a restore or a data migration brings them, a sequence can \
            stand behind its table. Every insert then dies with `duplicate key value` until the \
            sequence has caught up, for every role. Only tables that the connecting role may read are \
            looked at.

            `setval` sets the sequence right; look first whether somebody is still loading rows. \
            Leave it where the ids of the application's own range end below those that were loaded.
            """
    ) { subject in
        subject.fedColumns.compactMap { fed in
            let place = Reach.Place(relation: fed.relation.oid, column: fed.column.number)
            guard let state = subject.access.objects?.sequences[fed.sequence.oid], state.isKnown,
                let end = subject.extremes.values[place], let next = state.next,
                state.increment > 0 ? next <= end : next >= end
            else { return nil }
            let column = Identifier.sql(fed.column.name)
            let table = Identifier.sql(fed.relation.objectName)
            let function = state.increment > 0 ? "max" : "min"
            let literal = Identifier.sql(fed.sequence.objectName).replacing(scalar: "'", with: "''")
            return Remark(
                object: fed.sequence.objectName,
                reason: "its next value is \(next), but column "
                    + "\(Identifier.displayed(fed.column.name)) of "
                    + "\(fed.relation.objectName.displayed) has reached \(end)",
                mending: [
                    Cure(
                        sql: "SELECT setval('\(literal)', (SELECT \(function)(\(column)) "
                            + "FROM \(table)))",
                        runBy: subject.snapshot.roleName(fed.sequence.owner),
                        isProven: false
                    )
                ]
            )
        }.firstOfEach()
    }
}

extension [Rule.Remark] {
    /// Keeps one remark an object: names of cases are unique.
    func firstOfEach() -> [Rule.Remark] {
        var seen: Set<ObjectName> = []
        return filter { seen.insert($0.object).inserted }
    }
}
