internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// What the tables of the next migration need for a role, found by making one.
struct FutureProof {
    var trial: FutureTrial

    /// What was found: the first try, and what it took to pass.
    struct Finding {
        let first: FutureTrial.Outcome
        let missing: [MissingPrivilege]
        let cures: [Cure]
    }

    /// Tries a new table, remedies what it lacks, and tries again until the role can insert.
    mutating func finding() throws(PostgresError) -> Finding {
        var remedies: [FutureTrial.Remedy] = []
        var missing: [MissingPrivilege] = []
        let first = try trial.attempt(after: [])
        let plan = trial.sent
        defer { sent = plan }
        var current = first
        while case .denied(_, let lacking) = current, remedies.count < 3,
            !missing.contains(lacking)
        {
            missing.append(lacking)
            guard let remedy = remedy(for: lacking) else {
                return Finding(first: first, missing: missing, cures: cures(remedies, false))
            }
            remedies.append(remedy)
            current = try trial.attempt(after: remedies)
        }
        let isProven = if case .passed = current { true } else { false }
        return Finding(first: first, missing: missing, cures: cures(remedies, isProven))
    }

    /// The statements of the first try.
    private(set) var sent: [String] = []

    init(_ trial: FutureTrial) { self.trial = trial }

    private func remedy(for lacking: MissingPrivilege) -> FutureTrial.Remedy? {
        switch lacking.object.kind {
        case .schema:
            let context = trial.context
            return context.access.grantors(of: lacking, for: context.user).usable.first.map {
                .schema(PlannedGrant(missing: lacking, grant: lacking, grantor: $0))
            }
        case .sequence: return .defaults(.sequences)
        default: return .defaults(.tables)
        }
    }

    private func cures(_ remedies: [FutureTrial.Remedy], _ isProven: Bool) -> [Cure] {
        remedies.map { remedy in
            let (sql, role) =
                switch remedy {
                case .schema(let grant):
                    (grant.grant.grant(quotedBy: Identifier.sql), grant.grantor)
                case .defaults(let objects):
                    (trial.statement(objects, quotedBy: Identifier.sql), trial.creator.name)
                }
            let doubt = isProven ? nil : "a new table was refused all the same"
            return Cure(sql: sql, runBy: role, isProven: isProven, doubt: doubt)
        }
    }
}
