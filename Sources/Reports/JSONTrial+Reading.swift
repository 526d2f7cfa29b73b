import Trials

extension JSONTrial: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        let name = try json.decode(String.self, forKey: .name)
        var trial = Trial(
            role: try json.decode(String.self, forKey: .role),
            operation: try json.word(.operation),
            object: try json.decode(JSONObject.self, forKey: .object).object,
            expected: try json.word(.expected),
            creator: try json.decodeIfPresent(String.self, forKey: .creator)
        )
        if trial.operation == .lint { trial.rule = Self.rule(in: name) }
        guard trial.name.utf8.elementsEqual(name.utf8) else {
            throw DecodingError.dataCorruptedError(
                forKey: .name,
                in: json,
                debugDescription: "is '\(name)', but the rest of the case makes '\(trial.name)'"
            )
        }
        var record = Record(
            trial: trial,
            verdict: try json.word(.verdict),
            reason: try json.decodeIfPresent(String.self, forKey: .reason),
            decidedBy: try json.wordIfPresent(.decidedBy) ?? .execution,
            stage: try json.wordIfPresent(.stage),
            sqlState: try json.decodeIfPresent(String.self, forKey: .sqlstate),
            message: try json.decodeIfPresent(String.self, forKey: .message),
            tried: try json.decodeIfPresent(String.self, forKey: .tried),
            missing: try json.list(JSONMissing.self, .missing).map(\.missing),
            cure: try json.list(JSONCure.self, .cure).map(\.cure),
            recurrence: try json.decodeIfPresent(JSONRecurrence.self, forKey: .recurs)?.recurrence,
            seconds: try json.decodeIfPresent(Double.self, forKey: .seconds) ?? 0
        )
        // Some types say no more than the verdict does.
        if try json.decodeIfPresent(String.self, forKey: .type) != record.type {
            record.problem = try json.wordIfPresent(.type)
        }
        record.isVacuous = try json.decodeIfPresent(Bool.self, forKey: .vacuous) ?? false
        record.isKnown = try json.decodeIfPresent(Bool.self, forKey: .known) ?? false
        record.place = try json.decodeIfPresent(Int.self, forKey: .place)
        self.init(record: record)
    }

    /// The second word of `lint CODE OBJECT`.
    private static func rule(in name: String) -> String? {
        let words = name.split(separator: " ", maxSplits: 2)
        return words.count > 1 ? String(words[1]) : nil
    }
}

extension JSONMissing: Decodable {
    /// The privilege comes with its column, as reports show it.
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        missing = MissingPrivilege(
            privilege: try json.decode(String.self, forKey: .privilege),
            object: ObjectName(
                kind: try json.word(.kind),
                schema: try json.decodeIfPresent(String.self, forKey: .schema),
                name: try json.decode(String.self, forKey: .name)
            ),
            grantee: try json.decode(String.self, forKey: .grantee)
        )
    }
}

extension JSONCure: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        cure = Cure(
            sql: try json.decode(String.self, forKey: .sql),
            runBy: try json.decode(String.self, forKey: .runBy),
            isProven: try json.decode(Bool.self, forKey: .proven),
            doubt: try json.decodeIfPresent(String.self, forKey: .why)
        )
    }
}

extension JSONRecurrence: Decodable {
    init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: CodingKeys.self)
        recurrence = Recurrence(
            why: try json.decode(String.self, forKey: .why),
            cure: try json.list(JSONCure.self, .cure).map(\.cure)
        )
    }
}
