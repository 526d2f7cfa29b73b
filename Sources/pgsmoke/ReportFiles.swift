import Glibc
import Reports
import Trials

/// The report files that a run was asked for.
struct ReportFiles {
    private let junit: ReportFile?
    private let json: ReportFile?
    private let fix: ReportFile?

    /// Makes sure that all of them can be written.
    init(junit: String?, json: String?, fix: String?) throws(ReportFile.Unwritable) {
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
    }

    func write(_ report: RunReport) throws(ReportFile.Unwritable) {
        try junit?.write(JUnitReport.xml(of: report, hostname: Self.hostname))
        try fix?.write(FixScript.text(of: report))
        guard let json else { return }
        do {
            let text = try JSONReport.json(of: report)
            try json.write(text)
        } catch let error as ReportFile.Unwritable {
            throw error
        } catch {
            throw ReportFile.Unwritable(
                message: "--json: the report could not be encoded: \(error)"
            )
        }
    }

    func discard() {
        for file in [junit, json, fix] { file?.discard() }
    }

    private static var hostname: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, 255) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }
}
