/// A privilege that a role lacks.
package struct MissingPrivilege: Sendable, Hashable, Codable {
    /// The privilege in the words of GRANT: `USAGE`, `INSERT`, `EXECUTE`, `INSERT (column)`.
    package var privilege: String
    package var object: ObjectName
    /// The role that lacks it: the role tried, or the owner whose rights the server used instead.
    package var grantee: String

    package init(privilege: String, object: ObjectName, grantee: String) {
        self.privilege = privilege
        self.object = object
        self.grantee = grantee
    }
}

/// A statement that would cure a failure.
package struct Cure: Sendable, Hashable, Codable {
    package var sql: String
    /// The role that may run the statement.
    package var runBy: String
    /// Whether the statement was seen to cure the failure.
    package var isProven: Bool

    package init(sql: String, runBy: String, isProven: Bool) {
        self.sql = sql
        self.runBy = runBy
        self.isProven = isProven
    }
}

/// What decided a verdict.
package enum Decision: String, Sendable, Hashable, Codable {
    case execution
    case catalog
}

/// What became of one case.
package struct Record: Sendable, Hashable {
    package var trial: Trial
    package var verdict: Verdict
    /// One sentence that says why, for a reader; `nil` if there is nothing to add.
    package var reason: String?
    package var problem: Problem?
    package var decidedBy: Decision
    /// How far the trial got; everything before this stage is proven.
    package var stage: Stage?
    /// The five characters of the server's error code.
    package var sqlState: String?
    /// The server's own primary message, unchanged, in the server's language.
    package var message: String?
    /// The statement that was tried, with the source of each value in place of the value.
    package var tried: String?
    package var missing: [MissingPrivilege]
    package var cure: [Cure]
    /// Wall-clock time in seconds.
    package var seconds: Double

    package init(
        trial: Trial,
        verdict: Verdict,
        reason: String? = nil,
        problem: Problem? = nil,
        decidedBy: Decision = .execution,
        stage: Stage? = nil,
        sqlState: String? = nil,
        message: String? = nil,
        tried: String? = nil,
        missing: [MissingPrivilege] = [],
        cure: [Cure] = [],
        seconds: Double = 0
    ) {
        self.trial = trial
        self.verdict = verdict
        self.reason = reason
        self.problem = problem
        self.decidedBy = decidedBy
        self.stage = stage
        self.sqlState = sqlState
        self.message = message
        self.tried = tried
        self.missing = missing
        self.cure = cure
        self.seconds = seconds
    }
}
