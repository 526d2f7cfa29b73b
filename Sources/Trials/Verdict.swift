/// An outcome held against its expectation.
package enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
    case passed
    case failed
    /// The data stopped the trial, so it proves nothing about privileges beyond its stage.
    case inconclusive
    /// The trial could not be carried out.
    case error
    /// The case would have been tried and was not, for a reason that is given.
    case skipped
    /// No rule of the configuration says what is expected.
    case uncovered
}

/// What went wrong, as a stable code; a baseline's key is the case's name and this.
package enum Problem: String, Sendable, Hashable, Codable {
    case missingSchemaPrivilege = "pgsmoke.MissingSchemaPrivilege"
    case missingTablePrivilege = "pgsmoke.MissingTablePrivilege"
    case missingColumnPrivilege = "pgsmoke.MissingColumnPrivilege"
    case missingSequencePrivilege = "pgsmoke.MissingSequencePrivilege"
    case missingFunctionPrivilege = "pgsmoke.MissingFunctionPrivilege"
    case rowSecurity = "pgsmoke.RowSecurity"
    case foreignOwner = "pgsmoke.ForeignOwner"
    case brokenTrigger = "pgsmoke.BrokenTrigger"
    case brokenFunction = "pgsmoke.BrokenFunction"
    case brokenPolicy = "pgsmoke.BrokenPolicy"
    case sequenceBehind = "pgsmoke.SequenceBehind"
    case sequenceExhausted = "pgsmoke.SequenceExhausted"
    /// A published table whose rows nobody can update or delete.
    case missingReplicaIdentity = "pgsmoke.MissingReplicaIdentity"
    /// The role's own settings let its transactions change nothing.
    case readOnlyRole = "pgsmoke.ReadOnlyRole"
    /// What must be denied is allowed.
    case unexpectedlyAllowed = "pgsmoke.UnexpectedlyAllowed"
    case inconclusive = "pgsmoke.Inconclusive"
    case uncovered = "pgsmoke.Uncovered"
    /// A rule of `lint` found something.
    case lint = "pgsmoke.Lint"

    case noConnection = "pgsmoke.NoConnection"
    case setRole = "pgsmoke.SetRole"
    case locked = "pgsmoke.Locked"
    case timeout = "pgsmoke.Timeout"
    case deadlock = "pgsmoke.Deadlock"
    case connectionLost = "pgsmoke.ConnectionLost"
    case invalidStatement = "pgsmoke.InvalidStatement"
    case detectorFailed = "pgsmoke.DetectorFailed"
}

/// How far an insert got, in the order in which the server works.
///
/// A stop at one stage hides all that comes after it.
package enum Stage: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case parse
    case tablePrivilege = "table privilege"
    case defaults
    case partition
    case beforeTriggers = "before triggers"
    case rowSecurity = "row security"
    case notNull = "not null"
    case checksAndIndexes = "checks and indexes"
    case afterTriggers = "after triggers"
    case deferred

    package static func < (left: Self, right: Self) -> Bool {
        guard let left = allCases.firstIndex(of: left), let right = allCases.firstIndex(of: right)
        else { return false }
        return left < right
    }
}
