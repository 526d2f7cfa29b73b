import Glibc
import Reports
import Trials

/// The report files that a run was asked for.
struct ReportFiles {
    private let junit: ReportFile?
    private let json: ReportFile?
    private let fix: ReportFile?
    private let baseline: ReportFile?

    /// Makes sure that all of them can be written.
    init(
        junit: String?,
        json: String?,
        fix: String?,
        baseline: String?
    ) throws(ReportFile.Unwritable) {
        var made: [ReportFile] = []
        func file(
            _ path: String?,
            _ option: String
        ) throws(ReportFile.Unwritable) -> ReportFile? {
            guard let path else { return nil }
            do throws(ReportFile.Unwritable) {
                let file = try ReportFile(path, option: option)
                made.append(file)
                return file
            } catch {
                for file in made { file.discard() }
                throw error
            }
        }
        self.junit = try file(junit, "--junit")
        self.json = try file(json, "--json")
        self.fix = try file(fix, "--fix")
        self.baseline = try file(baseline, "--write-baseline")
    }

    /// Writes the reports; a baseline only of a run that came to its end, since it would forget what
    /// was not tried.
    func write(_ report: RunReport) throws(ReportFile.Unwritable) {
        try junit?.write(JUnitReport.xml(of: report, hostname: Self.hostname))
        try fix?.write(FixScript.text(of: report))
        try json?.write(Self.json(of: report))
        guard let baseline else { return }
        if [0, ExitCode.failed].contains(report.exitCode) {
            try baseline.write(Self.json(of: Baseline.report(of: report)))
        } else {
            baseline.discard()
            Console.complain(
                "pgsmoke: --write-baseline: '\(PrintableText.line(baseline.path))' stays as it was, "
                    + "since the run did not come to its end"
            )
        }
    }

    func discard() {
        for file in [junit, json, fix, baseline] { file?.discard() }
    }

    private static func json(of report: RunReport) throws(ReportFile.Unwritable) -> String {
        do {
            return try JSONReport.json(of: report)
        } catch {
            throw ReportFile.Unwritable(message: "the report could not be encoded: \(error)")
        }
    }

    private static var hostname: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, 255) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }
}
