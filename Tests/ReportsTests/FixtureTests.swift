import Foundation
import Reports
import Testing

/// The reports of every sample as `fixtures/reports` has them; `PGSMOKE_RECORD=1` writes them anew.
@Suite struct FixtureTests {
    @Test("A report is what its fixture says", arguments: Sample.all)
    func fixture(_ sample: Sample) throws {
        let report = sample.report
        try check("junit.xml", of: sample, JUnitReport.xml(of: report, hostname: "build-7"))
        try check("report.json", of: sample, JSONReport.json(of: report))
        try check("fix.sql", of: sample, FixScript.text(of: report))
        try check("terminal.txt", of: sample, TerminalReport.text(of: report))
        try check("terminal-quiet.txt", of: sample, TerminalReport.text(of: report, detail: .quiet))
        try check(
            "terminal-verbose.txt",
            of: sample,
            TerminalReport.text(of: report, detail: .verbose)
        )
    }

    private func check(_ file: String, of sample: Sample, _ text: String) throws {
        let folder = URL(filePath: #filePath)
            .deletingLastPathComponent()
            .appending(path: "../../fixtures/reports/\(sample.name)")
            .standardized
        let path = folder.appending(path: file)
        if ProcessInfo.processInfo.environment["PGSMOKE_RECORD"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: path)
        }
        let recorded = try String(decoding: Data(contentsOf: path), as: UTF8.self)
        #expect(text == recorded, "\(sample.name)/\(file)")
    }
}
