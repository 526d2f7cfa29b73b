internal import Access
internal import Catalog
internal import RowSynthesis
internal import Trials

extension Proof {
    /// The record of a trial that passed with the grants, and only with all of them.
    func cured(_ failed: Record, by grants: [PlannedGrant]) -> Record {
        var record = failed
        record.suspects = []
        record.missing = unique(grants.map(\.missing))
        record.cure = cures(grants, isProven: true, doubt: nil)
        if let first = record.missing.first, !failed.missing.contains(first) {
            record.problem = Problem(first)
            if failed.missing.isEmpty {
                record.reason =
                    "without it code that the statement sets off does not find or may not "
                    + "use what it names"
            }
        }
        return record
    }

    /// The record of a trial whose cure was tried and could not be seen to suffice.
    func unproven(_ failed: Record, _ grants: [PlannedGrant], _ why: String) -> Record {
        var record = failed
        record.suspects = []
        // A mere suspicion that no try has confirmed is no cure.
        record.cure = cures(
            grants.filter { failed.missing.contains($0.missing) },
            isProven: false,
            doubt: why
        )
        return record
    }

    /// The record of a trial for which the connecting role may not grant what is missing next: what was
    /// found so far, and what the catalog shows beyond it.
    func ungrantable(
        _ failed: Record,
        _ grants: [PlannedGrant],
        _ next: MissingPrivilege
    ) -> Record {
        guard !grants.isEmpty || failed.missing.contains(next) else {
            var record = failed
            record.suspects = []
            return record
        }
        let found = unique(failed.missing + grants.map(\.missing) + [next])
        let beyond = visibleLacks(of: failed.trial).filter { !found.contains($0) }
        let planned = grants.map { ($0, nil as String?) }
        let others = (found + beyond)
            .filter { missing in !grants.contains { $0.missing == missing } }
            .map { missing in
                let grantor = access.grantors(of: missing, for: user).names.first
                return (
                    PlannedGrant(missing: missing, grant: missing, grantor: grantor ?? ""),
                    membershipDoubt(grantor) as String?
                )
            }
        let doubt = others.lazy.compactMap(\.1).first ?? ""
        var record = failed
        record.suspects = []
        record.missing = found + beyond
        record.cure = cures((planned + others).map(\.0), isProven: false, doubt: doubt)
        return record
    }

    private func visibleLacks(of trial: Trial) -> [MissingPrivilege] {
        guard case .relation(let relation) = subject, relation.kind != .sequence,
            let attempt = (try? runner.foreseen(trial, as: role, on: relation)) ?? nil
        else { return [] }
        return access.visibleLacks(of: attempt)
    }

    /// The record of a trial that lacks no privilege after the grants, and does not pass all the same.
    func unproven(_ failed: Record, all grants: [PlannedGrant], _ why: String) -> Record {
        var record = cured(failed, by: grants)
        record.cure = cures(grants, isProven: false, doubt: why)
        return record
    }

    /// The record of a trial that fails in the same way whatever the catalog suggests.
    func incurable(_ failed: Record) -> Record {
        var record = failed
        record.suspects = []
        record.missing = []
        record.reason =
            (failed.reason.map { "\($0); " } ?? "")
            + "no GRANT that the catalog suggests cures this: it takes ownership, superuser rights or "
            + "other code"
        return record
    }

    /// Why a trial that no longer lacks what was granted does not pass either.
    func notCured(_ record: Record) -> String {
        record.verdict == .failed
            ? "with it the trial still fails: \(record.reason ?? record.message ?? "")"
            : "with it the privileges suffice up to \(record.stage?.rawValue ?? "the row"), where "
                + "something else stops the trial: \(record.reason ?? "")"
    }

    private func membershipDoubt(_ grantor: String?) -> String {
        guard let grantor else { return "nobody is known who may grant it" }
        let me = access.snapshot.roleName(user.role)
        let options =
            access.snapshot.server.version >= 160_000 ? " WITH SET TRUE, INHERIT FALSE" : ""
        return "\(Identifier.displayed(me)) would have to be able to become "
            + "\(Identifier.displayed(grantor)) to try it: GRANT \(Identifier.sql(grantor)) TO "
            + "\(Identifier.sql(me))\(options)"
    }

    /// One statement for each object and role, columns together.
    private func cures(
        _ grants: [PlannedGrant],
        isProven: Bool,
        doubt: String?
    ) -> [Cure] {
        var groups: [(key: PlannedGrant, grants: [MissingPrivilege])] = []
        for planned in grants {
            var bare = planned.grant
            bare.column = planned.grant.column == nil ? nil : ""
            let key = PlannedGrant(missing: bare, grant: bare, grantor: planned.grantor)
            if let index = groups.firstIndex(where: { $0.key == key }) {
                groups[index].grants.append(planned.grant)
            } else {
                groups.append((key, [planned.grant]))
            }
        }
        return groups.map {
            Cure(
                sql: shown($0.grants),
                runBy: $0.key.grantor,
                isProven: isProven,
                doubt: doubt
            )
        }
    }

    private func shown(_ grants: [MissingPrivilege]) -> String {
        grants[0].grant(onColumns: unique(grants.compactMap(\.column)), quotedBy: Identifier.sql)
    }

    private func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}
