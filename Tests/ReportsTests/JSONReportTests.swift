import Foundation
import Reports
import Testing
import Trials

@Suite struct JSONReportTests {
    static let trialKeys: Set = [
        "name", "role", "operation", "object", "creator", "expected", "verdict", "reason", "type",
        "decidedBy", "stage", "sqlstate", "message", "tried", "missing", "cure", "recurs",
        "vacuous", "known", "place", "seconds",
    ]

    struct File: Decodable {
        struct Object: Decodable {
            let schema: String?
            let name: String
        }

        struct Trial: Decodable {
            let name: String
            let role: String
            let object: Object
            let message: String?
        }

        let trials: [Trial]
    }

    @Test("Every key is there, and null if it has no value", arguments: Sample.all)
    func keys(_ sample: Sample) throws {
        let json = try object(sample.report)
        #expect(
            Set(json.keys) == [
                "schemaVersion", "pgsmoke", "server", "startedAt", "seconds", "exitCode", "counts",
                "leftOut", "sequencesConsumed", "logins", "notes", "strict", "baseline", "shard",
                "cutShort",
                "trials",
            ]
        )
        for trial in try #require(json["trials"] as? [[String: Any]]) {
            #expect(Set(trial.keys) == Self.trialKeys)
            #expect(
                Set(try #require(trial["object"] as? [String: Any]).keys) == [
                    "kind", "schema", "name",
                ]
            )
            for missing in try #require(trial["missing"] as? [[String: Any]]) {
                #expect(Set(missing.keys) == ["privilege", "kind", "schema", "name", "grantee"])
            }
            for cure in try #require(trial["cure"] as? [[String: Any]]) {
                #expect(Set(cure.keys) == ["sql", "runBy", "proven", "why"])
            }
            if let recurrence = trial["recurs"] as? [String: Any] {
                #expect(Set(recurrence.keys) == ["why", "cure"])
            } else {
                #expect(trial["recurs"] is NSNull)
            }
        }
        #expect((json["server"] is NSNull) == (sample.report.server == nil))
    }

    @Test("The head of the file says what was run, when and how it ended")
    func head() throws {
        let json = try object(Sample.allVerdicts.report)
        #expect(json["schemaVersion"] as? Int == 1)
        #expect(json["pgsmoke"] as? String == "0.1.0")
        #expect(
            json["server"] as? [String: String] == [
                "version": "18.1", "database": "shop", "user": "deploy",
            ]
        )
        #expect(json["startedAt"] as? String == "2026-01-31T03:04:05Z")
        #expect(json["seconds"] as? Double == 12.5)
        #expect(json["exitCode"] as? Int == 2)
        #expect(
            json["counts"] as? [String: Int] == [
                "passed": 4, "failed": 5, "inconclusive": 1, "error": 2, "skipped": 5,
                "uncovered": 1,
            ]
        )
        let consumed = try #require(json["sequencesConsumed"] as? [[String: Any]])
        #expect(consumed.map { $0["values"] as? Int } == [2, 50])
        let logins = try #require(json["logins"] as? [[String: Any]])
        #expect(logins.map { $0["canLogIn"] as? Bool } == [true, false])
    }

    @Test("Names and messages come back unchanged, whatever is in them")
    func unchanged() throws {
        let report = Sample.hostileNames.report
        let json = Data(try JSONReport.json(of: report).utf8)
        let trials = try JSONDecoder().decode(File.self, from: json).trials
        for (trial, record) in zip(trials, report.records) {
            #expect(trial.object.name == record.trial.object.name)
            #expect(trial.object.schema == record.trial.object.schema)
            #expect(trial.role == record.trial.role)
            #expect(trial.message == record.message)
            #expect(trial.name == record.trial.name)
        }
        #expect(trials.count == report.records.count)
    }

    @Test("The file itself holds no control character and no command", arguments: Sample.all)
    func printable(_ sample: Sample) throws {
        let json = try JSONReport.json(of: sample.report)
        #expect(json.hasSuffix("}\n"))
        #expect(!json.contains("##"))
        let scalars = json.unicodeScalars.filter { $0 != "\n" }
        #expect(!scalars.contains(where: PrintableText.isControl))
    }

    @Test("Seconds are rounded to milliseconds and always numbers")
    func seconds() throws {
        var report = Sample.incident.report
        report.seconds = 0.123_456_789
        report.records[0].seconds = .nan
        let json = try JSONReport.json(of: report)
        #expect(json.contains("\"seconds\" : 0.123\n") || json.contains("\"seconds\" : 0.123,\n"))
        #expect(try object(report)["seconds"] as? Double == 0.123)
    }

    private func object(_ report: RunReport) throws -> [String: Any] {
        let data = Data(try JSONReport.json(of: report).utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
