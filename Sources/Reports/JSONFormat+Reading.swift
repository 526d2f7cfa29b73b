import Trials

// What the JSON format holds, read back. Keys that are not known are passed over; those that came to
// the format later may be absent.

extension JSONRun: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        var report = RunReport(
            version: try json.decode(String.self, forKey: .pgsmoke),
            server: try json.decodeIfPresent(JSONServer.self, forKey: .server)?.server,
            startedAt: try json.moment(.startedAt),
            seconds: try json.decodeIfPresent(Double.self, forKey: .seconds) ?? 0,
            exitCode: try json.decodeIfPresent(Int32.self, forKey: .exitCode) ?? 0
        )
        report.leftOut = try json.list(JSONLeftOut.self, .leftOut).map(\.leftOut)
        report.sequencesConsumed = try json.list(JSONConsumed.self, .sequencesConsumed)
            .map(\.consumed)
        report.logins = try json.list(JSONLogin.self, .logins).map(\.login)
        report.notes = try json.list(String.self, .notes)
        report.isStrict = try json.decodeIfPresent(Bool.self, forKey: .strict) ?? false
        report.baseline = try json.decodeIfPresent(JSONBaseline.self, forKey: .baseline)?.comparison
        report.shard = try json.decodeIfPresent(JSONShard.self, forKey: .shard)?.stamp
        report.cutShort = try json.wordIfPresent(.cutShort)
        report.records = try json.decode([JSONTrial].self, forKey: .trials).map(\.record)
        self.init(report: report)
    }
}

extension JSONServer: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        server = ServerIdentity(
            version: try json.decode(String.self, forKey: .version),
            database: try json.decode(String.self, forKey: .database),
            user: try json.decode(String.self, forKey: .user)
        )
    }
}

extension JSONObject: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        object = ObjectName(
            kind: try json.word(.kind),
            schema: try json.decodeIfPresent(String.self, forKey: .schema),
            name: try json.decode(String.self, forKey: .name)
        )
    }
}

extension JSONLeftOut: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        leftOut = LeftOut(
            object: try json.decode(JSONObject.self, forKey: .object).object,
            reason: try json.decode(String.self, forKey: .reason)
        )
    }
}

extension JSONConsumed: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        consumed = ConsumedSequence(
            sequence: try json.decode(JSONObject.self, forKey: .sequence).object,
            values: try json.decode(Int.self, forKey: .values)
        )
    }
}

extension JSONLogin: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        login = LoginFacts(
            role: try json.decode(String.self, forKey: .role),
            canLogIn: try json.decode(Bool.self, forKey: .canLogIn),
            why: try json.decode(String.self, forKey: .why)
        )
    }
}

extension JSONBaseline: Decodable {
    /// The numbers follow from the trials.
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        comparison = BaselineComparison(
            cured: try json.list(String.self, .cured),
            gone: try json.list(String.self, .gone)
        )
    }
}

extension JSONShard: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        let index = try json.decode(Int.self, forKey: .index)
        let count = try json.decode(Int.self, forKey: .count)
        guard let shard = Shard(index: index, count: count) else {
            throw DecodingError.dataCorruptedError(
                forKey: .index,
                in: json,
                debugDescription: "is \(index), and there are \(count) shards"
            )
        }
        stamp = ShardStamp(shard, plan: try json.decodeIfPresent(String.self, forKey: .plan))
    }
}

extension KeyedDecodingContainer {
    /// Reads a list that may be absent.
    func list<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> [Value] {
        try decodeIfPresent([Value].self, forKey: key) ?? []
    }

    /// Reads one of the words that the format knows.
    func word<Word: RawRepresentable<String>>(_ key: Key) throws -> Word {
        let text = try decode(String.self, forKey: key)
        guard let word = Word(rawValue: text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "is '\(text)', which this version of pgsmoke does not know"
            )
        }
        return word
    }

    /// Reads one of the words that the format knows, or nothing.
    func wordIfPresent<Word: RawRepresentable<String>>(_ key: Key) throws -> Word? {
        try decodeIfPresent(String.self, forKey: key) == nil ? nil : word(key)
    }

    /// Reads a time stamp as seconds since 1970.
    func moment(_ key: Key) throws -> Double {
        let text = try decode(String.self, forKey: key)
        guard let moment = TimeText.moment(utc: text) else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "is '\(text)', which is no time stamp"
            )
        }
        return moment
    }
}
