import Trials

/// A case of the JSON file.
struct JSONTrial: Encodable {
    let record: Record

    enum CodingKeys: String, CodingKey {
        case name
        case role
        case operation
        case object
        case creator
        case expected
        case verdict
        case reason
        case type
        case decidedBy
        case stage
        case sqlstate
        case message
        case tried
        case missing
        case cure
        case recurs
        case vacuous
        case known
        case place
        case seconds
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(record.trial.name, forKey: .name)
        try json.encode(record.trial.role, forKey: .role)
        try json.encode(record.trial.operation.rawValue, forKey: .operation)
        try json.encode(JSONObject(object: record.trial.object), forKey: .object)
        try json.encode(record.trial.creator, forKey: .creator)
        try json.encode(record.trial.expected.rawValue, forKey: .expected)
        try json.encode(record.verdict.rawValue, forKey: .verdict)
        try json.encode(record.reason, forKey: .reason)
        try json.encode(record.type, forKey: .type)
        try json.encode(record.decidedBy.rawValue, forKey: .decidedBy)
        try json.encode(record.stage?.rawValue, forKey: .stage)
        try json.encode(record.sqlState, forKey: .sqlstate)
        try json.encode(record.message, forKey: .message)
        try json.encode(record.tried, forKey: .tried)
        try json.encode(record.missing.map(JSONMissing.init), forKey: .missing)
        try json.encode(record.cure.map(JSONCure.init), forKey: .cure)
        try json.encode(record.recurrence.map(JSONRecurrence.init), forKey: .recurs)
        try json.encode(record.isVacuous, forKey: .vacuous)
        try json.encode(record.isKnown, forKey: .known)
        try json.encode(record.place, forKey: .place)
        try json.encode(TimeText.milliseconds(record.seconds), forKey: .seconds)
    }
}

/// A privilege that a role lacks.
struct JSONMissing: Encodable {
    let missing: MissingPrivilege

    enum CodingKeys: String, CodingKey {
        case privilege
        case kind
        case schema
        case name
        case grantee
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(missing.displayedPrivilege, forKey: .privilege)
        try json.encode(missing.object.kind.rawValue, forKey: .kind)
        try json.encode(missing.object.schema, forKey: .schema)
        try json.encode(missing.object.name, forKey: .name)
        try json.encode(missing.grantee, forKey: .grantee)
    }
}

/// A statement that would cure a failure.
struct JSONCure: Encodable {
    let cure: Cure

    enum CodingKeys: String, CodingKey {
        case sql
        case runBy
        case proven
        case why
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(cure.sql, forKey: .sql)
        try json.encode(cure.runBy, forKey: .runBy)
        try json.encode(cure.isProven, forKey: .proven)
        try json.encode(cure.doubt, forKey: .why)
    }
}

/// Why a failure will come back, and what ends it.
struct JSONRecurrence: Encodable {
    let recurrence: Recurrence

    enum CodingKeys: String, CodingKey {
        case why
        case cure
    }

    func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: CodingKeys.self)
        try json.encode(recurrence.why, forKey: .why)
        try json.encode(recurrence.cure.map(JSONCure.init), forKey: .cure)
    }
}
