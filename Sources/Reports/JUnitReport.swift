package import Trials

/// The JUnit file, in the one shape that every reader takes.
package struct JUnitReport {
    private static let messageLimit = 1_000
    private static let bodyLimit = 3_500

    private let report: RunReport
    private let hostname: String

    /// Returns the whole file; two runs differ in nothing but the time stamps and durations.
    package static func xml(of report: RunReport, hostname: String) -> String {
        Self(report: report, hostname: hostname.isEmpty ? "localhost" : hostname).xml
    }

    private var xml: String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites>"]
        var suites = report.records.grouped(by: suiteName)
        // Some readers take a file without any suite for a broken one.
        if suites.isEmpty { suites = [("pgsmoke", [])] }
        for (id, suite) in suites.enumerated() {
            lines += self.suite(suite.key, id: id, records: suite.members)
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private func suiteName(_ record: Record) -> String {
        switch record.trial.operation {
        case .connect, .lint: "pgsmoke"
        default: Identifier.displayed(record.trial.role)
        }
    }

    private func suite(_ name: String, id: Int, records: [Record]) -> [String] {
        let counts = Dictionary(grouping: records, by: element).mapValues(\.count)
        let attributes = XMLText.attributes([
            "name": name,
            "package": "pgsmoke",
            "id": "\(id)",
            "timestamp": String(TimeText.utc(report.startedAt).dropLast()),
            "hostname": hostname,
            "tests": "\(records.count)",
            "failures": "\(counts["failure"] ?? 0)",
            "errors": "\(counts["error"] ?? 0)",
            "skipped": "\(counts["skipped"] ?? 0)",
            "time": TimeText.seconds(records.reduce(0) { $0 + $1.seconds }, decimals: 3),
        ])
        return ["  <testsuite\(attributes)>"] + properties + records.flatMap(testCase)
            + ["    <system-out/>", "    <system-err/>", "  </testsuite>"]
    }

    private var properties: [String] {
        var properties = [("pgsmoke.version", report.version)]
        if let server = report.server {
            properties += [
                ("server.version", server.version),
                ("server.database", Identifier.displayed(server.database)),
                ("server.user", Identifier.displayed(server.user)),
            ]
        }
        if let shard = report.shard?.shard {
            properties.append(("pgsmoke.shard", "\(shard.index)/\(shard.count)"))
        }
        return ["    <properties>"]
            + properties.map { name, value in
                "      <property\(XMLText.attributes(["name": name, "value": value]))/>"
            }
            + ["    </properties>"]
    }

    private func testCase(_ record: Record) -> [String] {
        let attributes = XMLText.attributes([
            "name": record.trial.name,
            "classname": CaseName.className(of: record.trial),
            "time": TimeText.seconds(record.seconds, decimals: 3),
        ])
        guard let element = element(for: record) else {
            return ["    <testcase\(attributes)/>"]
        }
        return [
            "    <testcase\(attributes)>",
            "      \(outcome(record, element: element))",
            "    </testcase>",
        ]
    }

    private func outcome(_ record: Record, element: String) -> String {
        let headline = record.headline
        let message = cut(start(of: record) + headline, to: Self.messageLimit)
        let facts = record.facts.filter { $0.text != headline }
        let lines = [headline] + facts.map { "\($0.label.rawValue): \($0.text)" }
        let body = cut(lines.joined(separator: "\n"), to: Self.bodyLimit)
        let attributes =
            element == "skipped"
            ? XMLText.attributes(["message": message])
            : XMLText.attributes(["message": message, "type": type(of: record)])
        return "<\(element)\(attributes)>\(XMLText.content(body))</\(element)>"
    }

    /// What fails the run is a failure, and nothing else is.
    private func element(for record: Record) -> String? {
        if record.fails(strictly: report.isStrict) { return "failure" }
        switch record.verdict {
        case .passed: return record.isKnown ? "skipped" : nil
        case .error: return "error"
        case .failed, .uncovered, .skipped, .inconclusive: return "skipped"
        }
    }

    private func start(of record: Record) -> String {
        let isDoubtful = record.verdict == .inconclusive && !record.fails(strictly: report.isStrict)
        return (record.isKnown ? "known: " : "") + (isDoubtful ? "inconclusive: " : "")
    }

    /// The type of what has none of its own, since only `--strict` makes a failure of it, too.
    private func type(of record: Record) -> String {
        record.type ?? (record.verdict == .skipped ? "pgsmoke.Skipped" : "pgsmoke.Vacuous")
    }

    /// Readers count in UTF-16.
    private func cut(_ text: String, to limit: Int) -> String {
        guard text.utf16.count > limit else { return text }
        let end = text.utf16.index(text.startIndex, offsetBy: limit - 1)
        return String(text.unicodeScalars[..<end]) + "…"
    }
}
