import Foundation
import Testing
import Trials

@testable import Reports

/// Reports of earlier runs come back whole, or with one sentence that says what is wrong with them.
@Suite struct JSONReadingTests {
    @Test("Every report can be written from what its JSON holds", arguments: Sample.all)
    func roundTrip(_ sample: Sample) throws {
        let json = try JSONReport.json(of: sample.report)
        let read = try JSONReading.report(from: json)
        // Byte for byte: to Swift é has one spelling.
        func expectSame(_ text: (RunReport) throws -> String) rethrows {
            let (before, after) = (try text(sample.report), try text(read))
            #expect(before.utf8.elementsEqual(after.utf8), "\(before)\n\(after)")
        }
        try expectSame(JSONReport.json)
        expectSame { JUnitReport.xml(of: rounded($0), hostname: "h") }
        expectSame(FixScript.text)
        for detail in TerminalReportTests.details {
            expectSame { TerminalReport.text(of: $0, detail: detail) }
        }
        #expect(read.failing.count == sample.report.failing.count)
    }

    @Test("The values are the same but for what JSON does not hold", arguments: Sample.all)
    func values(_ sample: Sample) throws {
        let read = try JSONReading.report(from: try JSONReport.json(of: sample.report))
        #expect(known(read) == known(sample.report))
    }

    /// The report as far as JSON holds it.
    private func known(_ report: RunReport) -> RunReport {
        var report = rounded(report)
        report.startedAt = report.startedAt.rounded(.down)
        for index in report.records.indices {
            let record = report.records[index]
            report.records[index].problem = record.type.flatMap(Problem.init)
            report.records[index].suspects = []
            report.records[index].trial.isInferred = false
            report.records[index].missing = record.missing.map {
                MissingPrivilege(
                    privilege: $0.displayedPrivilege,
                    object: ObjectName(
                        kind: $0.object.kind,
                        schema: $0.object.schema,
                        name: $0.object.name
                    ),
                    grantee: $0.grantee
                )
            }
        }
        return report
    }

    private func rounded(_ report: RunReport) -> RunReport {
        var report = report
        report.seconds = TimeText.milliseconds(report.seconds)
        for index in report.records.indices {
            report.records[index].seconds = TimeText.milliseconds(report.records[index].seconds)
        }
        return report
    }

    @Test(
        "A function's name is told from its arguments, whatever is in them",
        arguments: [
            ("f", "()"), ("f", "(integer, text)"), ("we(ird", "(integer)"),
            ("we(ird)", "(\"odd(type\", \"a\"\"(b\"[])"), ("\"(", "(\"\"\"(\")"),
            ("no \"quotes\"", "(timestamp with time zone)"),
        ]
    )
    func functions(_ routine: String, _ arguments: String) throws {
        let object = ObjectName(
            kind: .function,
            schema: "public",
            name: routine + arguments,
            routineName: routine
        )
        var trial = Sample.insert("t")
        trial.operation = .execute
        trial.object = object
        let report = RunReport(
            version: "1",
            startedAt: 0,
            records: [Record(trial: trial, verdict: .passed)]
        )
        let read = try JSONReading.report(from: try JSONReport.json(of: report))
        #expect(read.records[0].trial.object.signature.name == routine)
        #expect(read.records[0].trial.object.signature.arguments == arguments)
        #expect(read.records[0].trial.name == trial.name)
    }

    @Test("Keys that are not known are passed over, and those that came later may be absent")
    func tolerance() throws {
        let json = try JSONReport.json(of: Sample.baseline.report)
        var file = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        )
        file["future"] = ["key": 1]
        for key in ["strict", "baseline", "notes", "counts"] { file[key] = nil }
        var trials = try #require(file["trials"] as? [[String: Any]])
        for index in trials.indices {
            trials[index]["future"] = true
            for key in ["vacuous", "known", "tried", "creator", "recurs"] {
                trials[index][key] = nil
            }
        }
        file["trials"] = trials
        let data = try JSONSerialization.data(withJSONObject: file)
        let read = try JSONReading.report(from: String(decoding: data, as: UTF8.self))
        #expect(read.records.map(\.trial) == Sample.baseline.report.records.map(\.trial))
        #expect(read.records.map(\.verdict) == Sample.baseline.report.records.map(\.verdict))
        #expect(read.baseline == nil && !read.records.contains(where: \.isKnown))
    }

    @Test(
        "What is no report says what is wrong, and where",
        arguments: [
            ("", "is empty"), ("  \n", "is empty"),
            ("hello", "is not JSON (line 1)"), ("<testsuites/>", "is not JSON (line 1)"),
            ("{\n\"schemaVersion\": 1,\n\"pgsmoke\" 1}", "is not JSON (line 3)"),
            ("{\"schemaVersion\": 1,\n\"pgsmoke\": \"0", "ends in the middle (line 2)"),
            ("{\"schemaVersion\": 1, \"pgsmoke\": \"1\"", "ends in the middle (line 1)"),
            ("{\"schemaVersion\": tr", "ends in the middle (line 1)"),
            ("[1]", "is JSON, but no report of pgsmoke"),
            ("7", "is JSON, but no report of pgsmoke"),
            ("{\"cells\": []}", "is JSON, but no report of pgsmoke"),
            ("{\"schemaVersion\": 1}", "is JSON, but no report of pgsmoke"),
            ("{\"schemaVersion\": \"x\", \"pgsmoke\": \"1\"}", "is JSON, but no report of pgsmoke"),
            (
                "{\"schemaVersion\": 2, \"pgsmoke\": \"9\"}",
                "has schemaVersion 2, and this pgsmoke reads 1 alone"
            ),
            (
                "{\"schemaVersion\": 1, \"pgsmoke\": \"1\", \"startedAt\": \"soon\"}",
                "is damaged: 'startedAt' is 'soon', which is no time stamp"
            ),
            (
                "{\"schemaVersion\": 1, \"pgsmoke\": \"1\", \"startedAt\": \"2026-01-31T03:04:05Z\"}",
                "holds no 'trials'"
            ),
        ]
    )
    func unreadable(_ text: String, _ problem: String) {
        #expect(throws: UnreadableReport(problem: problem)) { try JSONReading.report(from: text) }
    }

    @Test(
        "Damage is told by its place",
        arguments: [
            (
                "\"verdict\" : \"failed\"", "\"verdict\" : \"fialed\"",
                "is damaged: 'trials[0].verdict' is 'fialed', which this version of pgsmoke does "
                    + "not know"
            ),
            (
                "\"role\" : \"app_role\"", "\"role\" : 1",
                "is damaged: 'trials[0].role' is of the wrong type"
            ),
            (
                "\"role\" : \"app_role\"", "\"role\" : \"other\"",
                "is damaged: 'trials[0].name' is 'insert public.events as app_role', but the rest "
                    + "of the case makes 'insert public.events as other'"
            ),
            ("\"operation\"", "\"operations\"", "holds no 'trials[0].operation'"),
        ]
    )
    func damaged(_ old: String, _ new: String, _ problem: String) throws {
        let json = try JSONReport.json(of: Sample.baseline.report)
        let start = try #require(json.range(of: "\"trials\""))
        let damaged =
            json[..<start.lowerBound]
            + json[start.lowerBound...].replacing(old, with: new, maxReplacements: 1)
        #expect(throws: UnreadableReport(problem: problem)) {
            try JSONReading.report(from: String(damaged))
        }
    }

    @Test("A report that is cut off anywhere is never taken for a whole one")
    func cutOff() throws {
        let json = try JSONReport.json(of: Sample.incident.report)
        let text = json.dropLast()
        for length in stride(from: 0, to: text.utf8.count, by: 7) {
            let part = String(decoding: text.utf8.prefix(length), as: UTF8.self)
            do {
                _ = try JSONReading.report(from: part)
                Issue.record("\(length) bytes were taken for a report")
            } catch {
                let isSaid = error.problem.hasPrefix("ends in the middle") || length == 0
                #expect(isSaid, "\(length): \(error.problem)")
            }
        }
    }
}
