internal import Catalog
internal import Trials

extension Rule {
    static let sequenceOwner = Rule(
        "sequence-owner",
        .warning,
        "A sequence belongs to another role than the table that draws from it.",
        page: """
            A restore as another role, or a default that was written by hand, leaves sequences with an \
            owner of their own. The table's owner then cannot grant them, `GRANT … ON ALL SEQUENCES` \
            as that owner stops at them, and the next grants are forgotten.

            Leave it where several owners share one sequence on purpose.
            """
    ) { subject in
        let places = Dictionary(grouping: subject.fedColumns, by: \.sequence.oid)
        return subject.sequences.compactMap { sequence in
            let tables = (places[sequence.oid] ?? []).map(\.relation)
            let others = tables.filter { $0.owner != sequence.owner }
            guard let table = others.first else { return nil }
            let owner = subject.snapshot.roleName(table.owner)
            let isShared = Set(tables.map(\.owner)).count > 1
            return Remark(
                object: sequence.objectName,
                reason: "it belongs to "
                    + "\(Identifier.displayed(subject.snapshot.roleName(sequence.owner))), the table "
                    + "\(table.objectName.displayed) that draws from it to "
                    + Identifier.displayed(owner),
                mending: isShared
                    ? []
                    : [
                        subject.asSuperuser(
                            "ALTER SEQUENCE \(Identifier.sql(sequence.objectName)) "
                                + "OWNER TO \(Identifier.sql(owner))"
                        )
                    ]
            )
        }
    }
}
