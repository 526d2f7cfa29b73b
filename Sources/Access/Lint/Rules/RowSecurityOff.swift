internal import Catalog
internal import Trials

extension Rule {
    static let rowSecurityOff = Rule(
        "row-security-off",
        .error,
        "A table has policies, but its row security is off.",
        page: """
            `CREATE POLICY` alone does nothing: until `ALTER TABLE … ENABLE ROW LEVEL SECURITY` every \
            role with a grant sees and writes all rows. A policy that is there and off is nearly always \
            a step of a migration that was forgotten, or switched off for a load and not on again.

            Leave it where policies are prepared for a later release.
            """
    ) { subject in
        subject.snapshot.orderedRelations.filter { relation in
            relation.extension == nil && !relation.hasRowSecurity
                && subject.snapshot.policies[relation.oid]?.isEmpty == false
                && (relation.isPartition || subject.relations.contains { $0.oid == relation.oid })
        }.map { table in
            let policies = (subject.snapshot.policies[table.oid] ?? []).map(\.name)
            return Remark(
                object: table.objectName,
                reason: "its policies (\(subject.listed(policies))) are not in force",
                mending: [
                    Cure(
                        sql: "ALTER TABLE \(Identifier.sql(table.objectName)) "
                            + "ENABLE ROW LEVEL SECURITY",
                        runBy: subject.snapshot.roleName(table.owner),
                        isProven: false
                    )
                ]
            )
        }
    }
}
