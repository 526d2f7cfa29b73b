/// The server that a run spoke to.
package struct ServerIdentity: Sendable, Hashable, Codable {
    /// As `SHOW server_version` gives it.
    package var version: String
    package var database: String
    /// The role that connected.
    package var user: String

    package init(version: String, database: String, user: String) {
        self.version = version
        self.database = database
        self.user = user
    }
}

/// An object that is no case, and why.
package struct LeftOut: Sendable, Hashable, Codable {
    package var object: ObjectName
    package var reason: String

    package init(object: ObjectName, reason: String) {
        self.object = object
        self.reason = reason
    }
}

/// Values of a sequence that trials used up because it could not be shielded.
package struct ConsumedSequence: Sendable, Hashable, Codable {
    package var sequence: ObjectName
    package var values: Int

    package init(sequence: ObjectName, values: Int) {
        self.sequence = sequence
        self.values = values
    }
}

/// Whether a role could log in to this database, from the catalog alone.
package struct LoginFacts: Sendable, Hashable, Codable {
    package var role: String
    package var canLogIn: Bool
    package var why: String

    package init(role: String, canLogIn: Bool, why: String) {
        self.role = role
        self.canLogIn = canLogIn
        self.why = why
    }
}

/// Everything that a run found out; every report is written from this value alone.
package struct RunReport: Sendable, Hashable {
    /// The version of the JSON format.
    package static let schemaVersion = 1

    /// The version of pgsmoke.
    package var version: String
    /// `nil` if there was no connection.
    package var server: ServerIdentity?
    /// Seconds since 1970-01-01 00:00:00 UTC.
    package var startedAt: Double
    /// Wall-clock time of the whole run, in seconds.
    package var seconds: Double
    package var exitCode: Int32
    package var leftOut: [LeftOut]
    package var sequencesConsumed: [ConsumedSequence]
    package var logins: [LoginFacts]
    /// Sentences that concern the whole run: settings not applied, memberships that are lacking.
    package var notes: [String]
    /// In the order of the plan.
    package var records: [Record]
    /// Whether results that prove nothing fail the run, too.
    package var isStrict = false
    /// What became of the failures of an earlier run, if the run was held against one.
    package var baseline: BaselineComparison?
    /// Why planned cases were left out, if any were.
    package var cutShort: CutShort?
    /// The part of a run that this is, if it is not a whole one.
    package var shard: ShardStamp?

    package init(
        version: String,
        server: ServerIdentity? = nil,
        startedAt: Double,
        seconds: Double = 0,
        exitCode: Int32 = 0,
        leftOut: [LeftOut] = [],
        sequencesConsumed: [ConsumedSequence] = [],
        logins: [LoginFacts] = [],
        notes: [String] = [],
        records: [Record] = []
    ) {
        self.version = version
        self.server = server
        self.startedAt = startedAt
        self.seconds = seconds
        self.exitCode = exitCode
        self.leftOut = leftOut
        self.sequencesConsumed = sequencesConsumed
        self.logins = logins
        self.notes = notes
        self.records = records
    }

    package func count(of verdict: Verdict) -> Int {
        records.count { $0.verdict == verdict }
    }

    /// The records that fail the run.
    package var failing: [Record] { records.filter { $0.fails(strictly: isStrict) } }
}
