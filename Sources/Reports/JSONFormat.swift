import Trials

// The keys of the JSON format, each written out: what is absent is `null` and never left out, and
// a renamed property of a value cannot change the format.

/// The whole file.
struct JSONRun: Encodable {
    let report: RunReport

    enum CodingKeys: String, CodingKey {
        case schemaVersion
        case pgsmoke
        case server
        case startedAt
        case seconds
        case exitCode
        case counts
        case leftOut
        case sequencesConsumed
        case logins
        case notes
        case strict
        case baseline
        case shard
        case cutShort
        case trials
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(RunReport.schemaVersion, forKey: .schemaVersion)
        try json.encode(report.version, forKey: .pgsmoke)
        try json.encode(report.server.map(JSONServer.init), forKey: .server)
        try json.encode(TimeText.utc(report.startedAt), forKey: .startedAt)
        try json.encode(TimeText.milliseconds(report.seconds), forKey: .seconds)
        try json.encode(report.exitCode, forKey: .exitCode)
        try json.encode(counts, forKey: .counts)
        try json.encode(report.leftOut.map(JSONLeftOut.init), forKey: .leftOut)
        try json.encode(report.sequencesConsumed.map(JSONConsumed.init), forKey: .sequencesConsumed)
        try json.encode(report.logins.map(JSONLogin.init), forKey: .logins)
        try json.encode(report.notes, forKey: .notes)
        try json.encode(report.isStrict, forKey: .strict)
        try json.encode(baseline, forKey: .baseline)
        try json.encode(report.shard.map(JSONShard.init), forKey: .shard)
        try json.encode(report.cutShort?.rawValue, forKey: .cutShort)
        try json.encode(report.records.map(JSONTrial.init), forKey: .trials)
    }

    private var baseline: JSONBaseline? {
        report.baseline.map {
            JSONBaseline(
                comparison: $0,
                known: report.records.count(where: \.isKnown),
                new: report.failing.count
            )
        }
    }

    private var counts: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: Verdict.allCases.map { ($0.rawValue, report.count(of: $0)) }
        )
    }
}

/// The server, database and user of the run.
struct JSONServer: Encodable {
    let server: ServerIdentity

    enum CodingKeys: String, CodingKey {
        case version
        case database
        case user
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(server.version, forKey: .version)
        try json.encode(server.database, forKey: .database)
        try json.encode(server.user, forKey: .user)
    }
}

/// An object, its parts whole.
struct JSONObject: Encodable {
    let object: ObjectName

    enum CodingKeys: String, CodingKey {
        case kind
        case schema
        case name
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(object.kind.rawValue, forKey: .kind)
        try json.encode(object.schema, forKey: .schema)
        try json.encode(object.name, forKey: .name)
    }
}

/// An object that is no case.
struct JSONLeftOut: Encodable {
    let leftOut: LeftOut

    enum CodingKeys: String, CodingKey {
        case object
        case reason
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(JSONObject(object: leftOut.object), forKey: .object)
        try json.encode(leftOut.reason, forKey: .reason)
    }
}

/// A sequence whose values the run used up.
struct JSONConsumed: Encodable {
    let consumed: ConsumedSequence

    enum CodingKeys: String, CodingKey {
        case sequence
        case values
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(JSONObject(object: consumed.sequence), forKey: .sequence)
        try json.encode(consumed.values, forKey: .values)
    }
}

/// Whether a role could log in.
struct JSONLogin: Encodable {
    let login: LoginFacts

    enum CodingKeys: String, CodingKey {
        case role
        case canLogIn
        case why
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(login.role, forKey: .role)
        try json.encode(login.canLogIn, forKey: .canLogIn)
        try json.encode(login.why, forKey: .why)
    }
}

/// What a run that was held against a baseline came to.
struct JSONBaseline: Encodable {
    let comparison: BaselineComparison
    var known = 0
    var new = 0

    enum CodingKeys: String, CodingKey {
        case known
        case new
        case cured
        case gone
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(known, forKey: .known)
        try json.encode(new, forKey: .new)
        try json.encode(comparison.cured, forKey: .cured)
        try json.encode(comparison.gone, forKey: .gone)
    }
}

/// The part of a run that the file is of.
struct JSONShard: Encodable {
    let stamp: ShardStamp

    enum CodingKeys: String, CodingKey {
        case index
        case count
        case plan
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(stamp.shard.index, forKey: .index)
        try json.encode(stamp.shard.count, forKey: .count)
        try json.encode(stamp.plan, forKey: .plan)
    }
}
