import Foundation
import Testing
import Trials

@testable import Reports

@Suite struct JUnitReportTests {
    @Test("Every file has the strict shape", arguments: Sample.all)
    func strict(_ sample: Sample) {
        let xml = JUnitReport.xml(of: sample.report, hostname: "build-7")
        #expect(StrictJUnit.violations(in: xml) == [])
    }

    @Test("A reader gets back every case's name and group", arguments: Sample.all)
    func names(_ sample: Sample) throws {
        let cases = try #require(root(sample.report)).all("testcase")
        let read = cases.map { [$0.attributes["name"], $0.attributes["classname"]] }
        let written = sample.report.records.map {
            [$0.trial.name, CaseName.className(of: $0.trial)]
        }
        #expect(Set(read) == Set(written))
        #expect(read.count == written.count)
    }

    @Test("Each verdict has its element")
    func elements() throws {
        let records = Verdict.allCases.map {
            Record(trial: Sample.insert("t_\($0)"), verdict: $0, reason: "because")
        }
        let report = RunReport(version: "1", startedAt: 0, records: records)
        let cases = try #require(root(report)).all("testcase")
        let elements = cases.map { $0.children.first?.name }
        #expect(elements == [nil, "failure", "skipped", "error", "skipped", "failure"])
        #expect(cases[2].children[0].attributes == ["message": "inconclusive: because"])
        #expect(cases[4].children[0].attributes == ["message": "because"])
        #expect(cases[5].children[0].attributes["type"] == "pgsmoke.Uncovered")
    }

    @Test("A case that nothing is known about still has a message and a body")
    func silent() {
        let records = ["", " ", "\n", nil].enumerated().flatMap { number, text in
            Verdict.allCases.map { verdict in
                Record(
                    trial: Sample.insert("\(verdict)_\(number)"),
                    verdict: verdict,
                    reason: text,
                    message: text
                )
            }
        }
        let report = RunReport(version: "1", startedAt: 0, records: records)
        #expect(StrictJUnit.violations(in: JUnitReport.xml(of: report, hostname: "")) == [])
    }

    @Test("There is one suite for each role, in the order of their first appearance")
    func suites() throws {
        let records = ["b", "a", "b", "A b"].enumerated().map { number, role in
            Record(trial: Sample.insert("t\(number)", as: role), verdict: .passed, seconds: 0.5)
        }
        let report = RunReport(version: "1", startedAt: 0, records: records)
        let suites = try #require(root(report)).children
        #expect(suites.map { $0.attributes["name"] } == ["b", "a", "\"A b\""])
        #expect(suites.map { $0.attributes["time"] } == ["1.000", "0.500", "0.500"])
    }

    @Test("Two runs differ in nothing but time stamps and durations", arguments: Sample.all)
    func repeatable(_ sample: Sample) {
        var later = sample.report
        later.startedAt += 86_400
        later.seconds *= 3
        for index in later.records.indices { later.records[index].seconds += 0.25 }
        let times = /\b(timestamp|time)="[^"]*"/
        let first = JUnitReport.xml(of: sample.report, hostname: "build-7")
        let second = JUnitReport.xml(of: later, hostname: "build-7")
        #expect(first.replacing(times, with: "") == second.replacing(times, with: ""))
        #expect(first != second)
    }

    @Test(
        "No text can end a tag, start a command or be lost on the way",
        arguments: Sample.hostileIdentifiers
    )
    func escaping(_ text: String) throws {
        let xml = "<a b=\"\(XMLText.attribute(text))\">\(XMLText.content(text))</a>"
        #expect(!xml.contains("##"))
        let element = try #require(Element.root(of: xml))
        let legal = String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar in
                    scalar == "\u{1B}" || scalar == "\u{FFFE}"
                        ? Array(PrintableText.escaped(scalar).unicodeScalars) : [scalar]
                }
            )
        )
        #expect(Array(element.text.unicodeScalars) == Array(legal.unicodeScalars))
        #expect(
            Array(element.attributes["b", default: ""].unicodeScalars)
                == Array(legal.unicodeScalars)
        )
    }

    @Test(
        "A time is fixed to its decimals",
        arguments: [
            (0, "0.000"), (0.000_4, "0.000"), (1e-9, "0.000"), (0.012_6, "0.013"),
            (59.999_9, "60.000"),
            (123_456.7, "123456.700"), (-1, "0.000"), (.nan, "0.000"), (.infinity, "0.000"),
        ]
    )
    func times(_ seconds: Double, _ text: String) {
        #expect(TimeText.seconds(seconds, decimals: 3) == text)
    }

    private func root(_ report: RunReport) -> Element? {
        Element.root(of: JUnitReport.xml(of: report, hostname: "build-7"))
    }
}
