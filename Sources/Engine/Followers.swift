internal import Postgres
internal import RowSynthesis

extension LaneRunner {
    /// The statements that put rows of the scaffold in place as somebody who may, from the
    /// connecting role and back to it.
    func lines(of step: Range<Int>, in draft: RowDraft) throws(PostgresError) -> [String] {
        let insert = try draft.insert(step, with: connection)
        guard let owner = context.inserter(draft.scaffold[step.upperBound - 1].relation) else {
            return [insert]
        }
        let name = try connection.quoted(identifier: owner)
        return ["SET LOCAL ROLE \(name)", insert, "SET LOCAL ROLE NONE"]
    }

    /// Puts the rows in place that refer to the tried one, while what it leaves deferred waits, and
    /// gives the role back to the trial.
    func placeFollowers(
        of draft: RowDraft,
        _ script: inout TrialScript,
        _ trial: Int,
        back role: String
    ) throws(PostgresError) {
        script.add("SET LOCAL ROLE NONE")
        for step in draft.followingSteps {
            let purpose = TrialScript.Purpose.follower(trial, step.upperBound - 1)
            script.add(try lines(of: step, in: draft), for: purpose)
        }
        script.add("SET LOCAL ROLE \(try connection.quoted(identifier: role))")
    }
}
