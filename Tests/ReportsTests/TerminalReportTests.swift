import Testing
import Trials

@testable import Reports

@Suite struct TerminalReportTests {
    static let details: [TerminalReport.Detail] = [.quiet, .normal, .verbose]

    @Test("No line starts with text from the database", arguments: Sample.all, details)
    func lineStarts(_ sample: Sample, _ detail: TerminalReport.Detail) {
        let ours =
            #/(FAILED|UNCOVERED|ERROR|INCONCLUSIVE|SKIPPED|KNOWN|PASSED,?|insert|set-role|PostgreSQL|│) .*/#
        let whole =
            #/|connect|ERROR|SKIPPED|KNOWN|pgsmoke 0\.1\.0|(\d+ \w+, )*(\d+ \w+( \(\d+ cured\))?|no trials) in \d+\.\d\d s(, shard 2 of 4)?/#
        for line in lines(sample, detail) {
            let text = line.drop { $0.isWhitespace }
            #expect(
                text.wholeMatch(of: ours) != nil || text.wholeMatch(of: whole) != nil,
                "\(line)"
            )
        }
    }

    @Test("No control character and no command survives", arguments: Sample.all, details)
    func printable(_ sample: Sample, _ detail: TerminalReport.Detail) {
        for line in lines(sample, detail) {
            #expect(!line.unicodeScalars.contains(where: PrintableText.isControl))
            #expect(!line.contains("##"))
        }
    }

    @Test("Lines fit a terminal of 100 columns", arguments: Sample.all, details)
    func width(_ sample: Sample, _ detail: TerminalReport.Detail) {
        guard sample.name != Sample.hostileNames.name else { return }
        // A statement is there to be copied, and is not broken.
        for line in lines(sample, detail) where !line.contains("ALTER DEFAULT PRIVILEGES") {
            #expect(Columns.width(of: line) <= 100, "\(line)")
        }
    }

    @Test("Colours are there only if asked for, and change no word", arguments: Sample.all)
    func colours(_ sample: Sample) {
        let plain = TerminalReport.text(of: sample.report)
        let coloured = TerminalReport.text(of: sample.report, isColoured: true)
        let codes = /\u{1B}\[[0-9;]*m/.matchingSemantics(.unicodeScalar)
        #expect(coloured != plain)
        #expect(coloured.replacing(codes, with: "") == plain)
    }

    @Test("Quiet tells failures, errors, the summary, and what makes passes worth less")
    func quiet() {
        let text = TerminalReport.text(of: Sample.allVerdicts.report, detail: .quiet)
        #expect(text.contains("FAILED") && text.contains("UNCOVERED") && text.contains("ERROR"))
        #expect(!text.contains("INCONCLUSIVE") && !text.contains("SKIPPED"))
        #expect(!text.contains("│ note"))
        #expect(text.contains("PASSED, with a remark") && text.contains("superuser"))
        #expect(text.contains("cannot log in"))
        let passed = TerminalReport.text(of: Sample.everythingPassed.report, detail: .quiet)
        #expect(passed == "4 passed in 0.12 s\n")
    }

    @Test("Verbose names every passed case")
    func verbose() {
        for sample in Sample.all {
            let text = TerminalReport.text(of: sample.report, detail: .verbose)
            for record in sample.report.records {
                #expect(text.contains(PrintableText.line(record.trial.name)))
            }
        }
    }

    @Test("Cases that share a cause are told once")
    func together() {
        let text = TerminalReport.text(of: Sample.allVerdicts.report)
        #expect(text.ranges(of: "permission denied for schema billing").count == 1)
        for table in ["invoices", "payments", "refunds"] {
            #expect(text.contains("  insert billing.\(table) as app_role\n"))
        }
    }

    @Test("Text is broken at spaces, and its columns are never counted too low")
    func columns() {
        #expect(Columns.wrap("aaaaa bbbb c", to: 10) == ["aaaaa bbbb", "c"])
        #expect(Columns.wrap("aaaaaaaaaaaa b", to: 10) == ["aaaaaaaaaaaa", "b"])
        #expect(Columns.wrap("a  b", to: 10) == ["a  b"])
        #expect(Columns.wrap("", to: 10) == [""])
        #expect(Columns.width(of: "🐘表e") == 5)
        #expect(Columns.cut("abcdef", to: 4) == "abc…")
        #expect(Columns.cut("🐘🐘🐘", to: 4) == "🐘…")
        #expect(Columns.cut("abc", to: 3) == "abc")
        #expect(Columns.cut("abc", to: 0) == "")
    }

    private func lines(_ sample: Sample, _ detail: TerminalReport.Detail) -> [Substring] {
        TerminalReport.text(of: sample.report, detail: detail)
            .split(separator: "\n", omittingEmptySubsequences: false)
    }
}
