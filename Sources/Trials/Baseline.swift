/// What became of the failures that a baseline holds.
package struct BaselineComparison: Sendable, Hashable {
    /// The names of the cases that failed then and pass now.
    package var cured: [String]
    /// The names of the cases that failed then and are no cases of this run.
    package var gone: [String]

    package init(cured: [String], gone: [String]) {
        self.cured = cured
        self.gone = gone
    }
}

/// The failures of an earlier run, which do not fail this one.
///
/// A case that fails for another reason than then is a new failure.
package struct Baseline: Sendable {
    /// The earlier run's cases that are worth knowing.
    private let records: [Key: Record]

    package init(_ report: RunReport) {
        let kept = report.records.filter { $0.wouldFail(strictly: true) }
        records = Dictionary(kept.map { (Key($0), $0) }) { first, _ in first }
    }

    /// Whether a case that fails now failed then for the same reason.
    package func knows(_ record: Record, strictly isStrict: Bool) -> Bool {
        record.wouldFail(strictly: isStrict)
            && (records[Key(record)]?.wouldFail(strictly: isStrict) ?? false)
    }

    /// Marks what the baseline knows, and notes what is cured and what is gone.
    ///
    /// What belongs to other shards is none of a shard's concern.
    package func mark(_ report: inout RunReport) {
        let isStrict = report.isStrict
        var isCured = ExactNames<Bool>()
        for index in report.records.indices {
            let record = report.records[index]
            report.records[index].isKnown = knows(record, strictly: isStrict)
            isCured[record.trial.name] =
                record.verdict == .passed && !record.wouldFail(strictly: isStrict)
        }
        let shard = report.shard?.shard
        let names = records.values
            .filter { $0.wouldFail(strictly: isStrict) && shard?.holds($0.trial.object) ?? true }
            .map(\.trial.name).sorted()
        report.baseline = BaselineComparison(
            cured: names.filter { isCured[$0] == true },
            gone: names.filter { isCured[$0] == nil }
        )
    }

    /// Returns what is to be kept of a run as a baseline: what did not pass, and no durations, so
    /// that the file changes only with what failed.
    package static func report(of report: RunReport) -> RunReport {
        var kept = report
        kept.seconds = 0
        kept.baseline = nil
        kept.records = report.records.filter { $0.wouldFail(strictly: true) }.map { record in
            var record = record
            record.isKnown = false
            record.seconds = 0
            return record
        }
        return kept
    }

    /// Names are the same only if their bytes are.
    private struct Key: Hashable {
        private let name: [UInt8]
        private let type: String

        init(_ record: Record) {
            name = Array(record.trial.name.utf8)
            type = record.type ?? record.verdict.rawValue
        }
    }
}
