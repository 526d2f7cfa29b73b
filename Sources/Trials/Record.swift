/// A privilege that a role lacks.
package struct MissingPrivilege: Sendable, Hashable, Codable {
    /// The privilege in the words of GRANT: `USAGE`, `INSERT`, `EXECUTE`; `INHERIT` for a membership
    /// that gives nothing, `SET` for one that does not let its member become the role.
    package var privilege: String
    /// The column that it is lacking on, if the rest of the relation is no concern.
    package var column: String?
    package var object: ObjectName
    /// The role that lacks it: the role tried, or the owner whose rights the server used instead.
    package var grantee: String

    package init(privilege: String, column: String? = nil, object: ObjectName, grantee: String) {
        self.privilege = privilege
        self.column = column
        self.object = object
        self.grantee = grantee
    }

    /// The privilege for readers, `INSERT (name)` for a column's.
    package var displayedPrivilege: String {
        column.map { "\(privilege) (\(Identifier.displayed($0)))" } ?? privilege
    }
}

/// A statement that would cure a failure.
package struct Cure: Sendable, Hashable, Codable {
    package var sql: String
    /// The role that may run the statement.
    package var runBy: String
    /// Whether the statement was seen to cure the failure.
    package var isProven: Bool
    /// Why it is not proven, and what would let it be; `nil` if it is.
    package var doubt: String?

    package init(sql: String, runBy: String, isProven: Bool, doubt: String? = nil) {
        self.sql = sql
        self.runBy = runBy
        self.isProven = isProven
        self.doubt = doubt
    }
}

/// Why what failed will fail again for the next object that a migration makes.
package struct Recurrence: Sendable, Hashable {
    /// One sentence: whom the default privileges cover, and who made the object.
    package var why: String
    /// What ends it.
    package var cure: [Cure]

    package init(why: String, cure: [Cure]) {
        self.why = why
        self.cure = cure
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
    /// What else the catalog says is lacking and may be it, the likeliest first; for proofs, not for
    /// readers.
    package var suspects: [MissingPrivilege] = []
    package var cure: [Cure]
    package var recurrence: Recurrence?
    /// Whether the result says little: nothing is refused to the role that was tried.
    package var isVacuous = false
    /// Whether a baseline holds the same case with the same problem.
    package var isKnown = false
    /// The case's place in the whole run that a shard is a part of; `nil` for what belongs to no part
    /// of the plan, such as a role that cannot be set.
    package var place: Int?
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
        recurrence: Recurrence? = nil,
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
        self.recurrence = recurrence
        self.seconds = seconds
    }
}
