import Glibc
import Reports
import Trials

/// The report files that a run was asked for.
struct ReportFiles {
    private let junit: ReportFile?
    private let json: ReportFile?

    /// Makes sure that all of them can be written.
    init(junit: String?, json: String?) throws(ReportFile.Unwritable) {
        self.junit = if let junit { try ReportFile(junit, option: "--junit") } else { nil }
        do throws(ReportFile.Unwritable) {
            self.json = if let json { try ReportFile(json, option: "--json") } else { nil }
        } catch {
            self.junit?.discard()
            throw error
        }
    }

    func write(_ report: RunReport) throws(ReportFile.Unwritable) {
        try junit?.write(JUnitReport.xml(of: report, hostname: Self.hostname))
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
        junit?.discard()
        json?.discard()
    }

    private static var hostname: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, 255) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }
}
