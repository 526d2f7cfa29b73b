import Reports
import Testing
import Trials

@Suite struct ExitMeaningTests {
    @Test(
        "A run's exit code is said in words",
        arguments: [
            (0, Sample.everythingPassed, "every expectation held"),
            (0, .incident, "1 expectation failed, let pass by --exit-zero"),
            (0, .emptyRun, "no trial was carried out, let pass by --allow-empty"),
            (1, .incident, "1 expectation failed"),
            (1, .allVerdicts, "5 expectations failed, 1 uncovered"),
            (1, .everythingPassed, "expectations failed"),
            (
                1, .baseline,
                "1 expectation failed, besides 3 failures that the baseline knows"
            ),
            (
                1, .strict,
                "1 expectation failed, 1 inconclusive, 1 skipped, 1 vacuous (--strict), "
                    + "besides 1 failure that the baseline knows"
            ),
            (
                0, .strict,
                "1 expectation failed, 1 inconclusive, 1 skipped, 1 vacuous (--strict), "
                    + "let pass by --exit-zero"
            ),
            (2, .noConnection, "no connection to the server"),
            (2, .allVerdicts, "2 cases could not be tried"),
            (2, .outOfTime, "time limit, 4 cases skipped"),
            (3, .emptyRun, "no trial was carried out"),
            (3, .shard, "not one trial passed or failed"),
        ]
    )
    func meanings(_ code: Int32, _ sample: Sample, _ meaning: String) {
        #expect(
            ExitMeaning.line(code, report: sample.report) == "pgsmoke: exit \(code): \(meaning)"
        )
    }

    @Test(
        "Every exit code has a meaning without a report, on one line",
        arguments: [
            0, 1, 2, 3, 64, 70, 78, 130, 143,
        ] as [Int32]
    )
    func general(_ code: Int32) {
        let line = ExitMeaning.line(code)
        #expect(line.hasPrefix("pgsmoke: exit \(code): "))
        #expect(!line.contains("unknown") && !line.contains("\n"))
    }

    @Test("A run in which nothing failed but what the baseline knows says so")
    func known() {
        var report = Sample.baseline.report
        report.records.removeAll { $0.verdict == .failed && !$0.isKnown }
        #expect(
            ExitMeaning.line(0, report: report)
                == "pgsmoke: exit 0: nothing failed but 3 failures that the baseline knows"
        )
    }

    @Test("A run that passed with doubts says so")
    func doubts() {
        let records = [
            Sample.passed("users"),
            Record(trial: Sample.insert("a"), verdict: .inconclusive),
            Record(trial: Sample.insert("b"), verdict: .skipped),
        ]
        let line = ExitMeaning.line(
            0,
            report: RunReport(version: "1", startedAt: 0, records: records)
        )
        #expect(line == "pgsmoke: exit 0: no expectation failed, 1 inconclusive, 1 skipped")
    }
}
