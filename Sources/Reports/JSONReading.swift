import FoundationEssentials
package import Trials

/// Why a text is no report that can be read back, as the rest of a sentence that starts with its file.
package struct UnreadableReport: Error, Sendable, Hashable {
    package var problem: String
}

/// Reads the JSON reports of earlier runs back.
package enum JSONReading {
    /// Returns the run that the file tells of.
    ///
    /// JSON does not hold whether expectations were inferred, what else a denial may lack and
    /// fractions of milliseconds.
    package static func report(from json: String) throws(UnreadableReport) -> RunReport {
        let data = Data(json.utf8)
        do {
            let head = try JSONDecoder().decode(Head.self, from: data)
            guard let version = head.schemaVersion, head.pgsmoke != nil else {
                throw UnreadableReport(problem: "is JSON, but no report of pgsmoke")
            }
            guard version == RunReport.schemaVersion else {
                throw UnreadableReport(
                    problem: "has schemaVersion \(version), and this pgsmoke reads "
                        + "\(RunReport.schemaVersion) alone"
                )
            }
            return try JSONDecoder().decode(JSONRun.self, from: data).report
        } catch let error as UnreadableReport {
            throw error
        } catch let error as DecodingError {
            throw UnreadableReport(problem: problem(error, in: json))
        } catch {
            throw UnreadableReport(problem: "cannot be read: \(error)")
        }
    }

    /// What tells a report of ours from other JSON.
    private struct Head: Decodable {
        let schemaVersion: Int?
        let pgsmoke: String?
    }

    private static func problem(_ error: DecodingError, in json: String) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            return "holds no '\(place(context.codingPath + [key]))'"
        case .valueNotFound(_, let context): return "holds no '\(place(context.codingPath))'"
        case .typeMismatch(_, let context) where context.codingPath.count < 2:
            return "is JSON, but no report of pgsmoke"
        case .typeMismatch(_, let context):
            return "is damaged: '\(place(context.codingPath))' is of the wrong type"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            return JSONFault(in: json).map(\.description) ?? "is not JSON"
        case .dataCorrupted(let context):
            return "is damaged: '\(place(context.codingPath))' \(context.debugDescription)"
        @unknown default: return "cannot be read"
        }
    }

    /// Returns a place as programs write it, `trials[3].verdict`.
    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce("") { place, key in
            if let index = key.intValue { return "\(place)[\(index)]" }
            return place.isEmpty ? key.stringValue : "\(place).\(key.stringValue)"
        }
    }
}
