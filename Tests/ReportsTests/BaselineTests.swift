import Testing
import Trials

@testable import Reports

/// What a baseline excuses, and what not.
@Suite struct BaselineTests {
    private func record(
        _ table: String,
        _ verdict: Verdict,
        _ problem: Problem? = nil,
        isVacuous: Bool = false
    ) -> Record {
        var record = Record(trial: Sample.insert(table), verdict: verdict, problem: problem)
        record.isVacuous = isVacuous
        return record
    }

    private func held(_ now: Record, against then: Record, isStrict: Bool = false) -> RunReport {
        var report = RunReport(version: "1", startedAt: 0, records: [now])
        report.isStrict = isStrict
        Baseline(RunReport(version: "1", startedAt: 0, records: [then])).mark(&report)
        return report
    }

    @Test("A failure is known if the same case failed for the same reason")
    func known() {
        let missing = record("t", .failed, .missingSequencePrivilege)
        #expect(held(missing, against: missing).records[0].isKnown)
        let uncovered = record("t", .uncovered, .uncovered)
        #expect(held(uncovered, against: uncovered).records[0].isKnown)
        for other in [
            record("u", .failed, .missingSequencePrivilege), record("t", .failed, .rowSecurity),
            record("t", .inconclusive, .inconclusive), record("t", .passed), uncovered,
        ] {
            let report = held(missing, against: other)
            #expect(!report.records[0].isKnown)
            #expect(report.failing.count == 1)
        }
    }

    @Test("Names are compared byte by byte, as the server does")
    func spelling() {
        let composed = record("caf\u{E9}", .failed, .rowSecurity)
        let combined = record("cafe\u{301}", .failed, .rowSecurity)
        let report = held(composed, against: combined)
        #expect(!report.records[0].isKnown)
        #expect(report.baseline?.gone.count == 1)
    }

    @Test("An error is never excused, whatever was then")
    func errors() {
        let error = record("t", .error, .locked)
        let report = held(error, against: error)
        #expect(!report.records[0].isKnown)
        #expect(report.baseline == BaselineComparison(cured: [], gone: []))
    }

    @Test("Without --strict a baseline has nothing to say of what fails nobody")
    func lenient() {
        for then in [
            record("t", .inconclusive, .inconclusive), record("t", .skipped),
            record("t", .passed, isVacuous: true),
        ] {
            #expect(!held(then, against: then).records[0].isKnown)
            let cured = held(record("t", .passed), against: then)
            #expect(cured.baseline == BaselineComparison(cured: [], gone: []))
            let strictly = held(then, against: then, isStrict: true)
            #expect(strictly.records[0].isKnown)
            #expect(strictly.failing.isEmpty)
        }
        let vacuous = record("t", .passed, isVacuous: true)
        #expect(!held(vacuous, against: record("t", .skipped), isStrict: true).records[0].isKnown)
    }

    @Test("What failed then and passes now is cured; what is no case any more is gone")
    func cured() {
        let then = record("t", .failed, .rowSecurity)
        let name = then.trial.name
        let cured = BaselineComparison(cured: [name], gone: [])
        #expect(held(record("t", .passed), against: then).baseline == cured)
        #expect(
            held(record("u", .passed), against: then).baseline
                == BaselineComparison(cured: [], gone: [name])
        )
        for now in [record("t", .error, .locked), record("t", .inconclusive, .inconclusive)] {
            let comparison = held(now, against: then).baseline
            #expect(comparison == BaselineComparison(cured: [], gone: []))
        }
        let vacuous = record("t", .passed, isVacuous: true)
        #expect(held(vacuous, against: then).baseline == cured)
        #expect(held(vacuous, against: then, isStrict: true).baseline?.cured == [])
    }

    @Test("A baseline holds what did not pass, and no time that changes without reason")
    func kept() throws {
        let report = Baseline.report(of: Sample.baseline.report)
        #expect(
            report.records.map(\.trial.name) == [
                "insert public.events as app_role", "insert public.invoices as app_role",
                "insert public.jobs as app_role", "insert public.coupons as app_role",
            ]
        )
        #expect(report.records.allSatisfy { !$0.isKnown && $0.seconds == 0 })
        var again = Sample.baseline.report
        Baseline(try JSONReading.report(from: try JSONReport.json(of: report))).mark(&again)
        #expect(again.failing.isEmpty)
    }
}
