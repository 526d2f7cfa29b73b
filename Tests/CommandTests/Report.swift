import Cluster
import Foundation
import TestSupport
import Testing

/// What a run of `pgsmoke` wrote as JSON, read back as a consumer would.
struct Report: Decodable {
    struct Object: Decodable, Hashable {
        let kind: String
        let schema: String?
        let name: String
    }

    struct Missing: Decodable {
        let privilege: String
        let kind: String
        let schema: String?
        let name: String
        let grantee: String
    }

    struct Trial: Decodable {
        let name: String
        let role: String
        let operation: String
        let object: Object
        let verdict: String
        let decidedBy: String
        let type: String?
        let reason: String?
        let stage: String?
        let sqlstate: String?
        let message: String?
        let missing: [Missing]
        let cure: [Cure]
        let recurs: Recurrence?
        let known: Bool
    }

    struct Baseline: Decodable {
        let known: Int
        let new: Int
        let cured: [String]
        let gone: [String]
    }

    struct Cure: Decodable {
        let sql: String
        let runBy: String
        let proven: Bool
        let why: String?
    }

    struct Recurrence: Decodable {
        let why: String
        let cure: [Cure]
    }

    struct LeftOut: Decodable {
        let object: Object
        let reason: String
    }

    struct Consumed: Decodable {
        let sequence: Object
        let values: Int
    }

    struct Login: Decodable {
        let role: String
        let canLogIn: Bool
        let why: String
    }

    let exitCode: Int32
    let counts: [String: Int]
    let leftOut: [LeftOut]
    let sequencesConsumed: [Consumed]
    let logins: [Login]
    let notes: [String]
    let baseline: Baseline?
    let cutShort: String?
    let trials: [Trial]

    /// The notes but for the one that every run by SET ROLE has.
    var otherNotes: [String] { notes.filter { !$0.hasPrefix("the login itself") } }

    func trial(_ name: String) -> Trial? { trials.first { $0.name == name } }
}

/// A run of `pgsmoke` on a test database, with its JSON report.
struct ReportedRun {
    let command: CommandRun
    let report: Report

    /// Runs the trials as a role, by default the superuser.
    static func of(
        _ database: TestDatabase,
        _ arguments: [String],
        as user: String? = nil,
        through pooler: Pooler? = nil,
        interruption: Interruption? = nil
    ) async throws -> ReportedRun {
        let options = pooler?.options(database, as: user) ?? database.options(as: user)
        let command = try await CommandRun.of(
            options + arguments + ["--json", "-"],
            interruption: interruption
        )
        let data = Data(command.standardOutput.utf8)
        do {
            return ReportedRun(
                command: command,
                report: try JSONDecoder().decode(Report.self, from: data)
            )
        } catch {
            Issue.record("no report: \(command.standardOutput)\(command.standardError)")
            throw error
        }
    }
}

extension TestDatabase {
    /// The connection options that reach the database.
    func options(as user: String? = nil) -> [String] {
        [
            "-h", server.socketDirectory, "-p", String(server.port), "-U", user ?? server.superuser,
            "-d", name,
        ]
    }
}

/// A JSON report without what no two runs have in common.
func timeless(_ json: String) -> String {
    json.replacing(#/"(seconds|startedAt)" : [^\n]*/#, with: "")
}
