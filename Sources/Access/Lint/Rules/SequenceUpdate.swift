internal import Catalog
internal import Trials

extension Rule {
    static let sequenceUpdate = Rule(
        "sequence-update",
        .warning,
        "An application role holds UPDATE on a sequence.",
        page: """
            `UPDATE` on a sequence allows `setval`, by which one statement makes every insert that \
            follows fail, or give out ids anew. For `nextval` and `currval`, `USAGE` is enough. It \
            mostly comes from `GRANT ALL ON ALL SEQUENCES`.

            Leave it for a role that loads data and sets sequences right afterwards.
            """
    ) { subject in
        subject.sequences.compactMap { sequence in
            let holdings = subject.holdings(.update, by: sequence.acl, owner: sequence.owner)
            guard !holdings.isEmpty else { return nil }
            return Remark(
                object: sequence.objectName,
                reason: "\(subject.listed(holdings)) may call setval",
                mending: holdings.flatMap { holding in
                    let revocation = subject.revoking(
                        [.update],
                        of: holding.entry,
                        on: sequence.objectName
                    )
                    // Without it, nextval was allowed by UPDATE alone.
                    guard !holding.entry.privileges.contains(.usage) else { return [revocation] }
                    let grant = subject.granting(
                        [.usage],
                        on: sequence.objectName,
                        to: holding.entry.grantee,
                        by: holding.entry.grantor
                    )
                    return [grant, revocation]
                }
            )
        }
    }
}
