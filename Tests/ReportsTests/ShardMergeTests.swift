import Testing

@testable import Reports
@testable import Trials

/// The shards of one run make the run again; what are not shards of one run make an error.
@Suite struct ShardMergeTests {
    /// Deals a report out to shards as a run would.
    private func shards(_ report: RunReport, _ count: Int) -> [RunReport] {
        (1...count).compactMap { Shard(index: $0, count: count) }.map { shard in
            var part = report
            part.shard = ShardStamp(shard, plan: "plan")
            part.startedAt += Double(shard.index)
            part.seconds /= Double(shard.index)
            part.records = report.records.enumerated().compactMap { place, record in
                var record = record
                guard record.trial.operation != .setRole else { return record }
                record.place = place
                return shard.holds(record.trial.object) ? record : nil
            }
            if report.baseline != nil, shard.index > 1 {
                part.baseline = BaselineComparison(cured: [], gone: [])
            }
            part.sequencesConsumed = report.sequencesConsumed.filter { shard.holds($0.sequence) }
            return part
        }
    }

    private func parts(_ reports: [RunReport]) -> [ShardMerge.Part] {
        reports.enumerated().map { ShardMerge.Part(file: "\($0.offset).json", report: $0.element) }
    }

    private func message(_ reports: [RunReport]) -> String? {
        do throws(UnmergeableReports) {
            _ = try ShardMerge.whole(of: parts(reports))
            return nil
        } catch {
            return error.message
        }
    }

    @Test("The shards of a run make the run again, in whatever order", arguments: Sample.all, 1...8)
    func whole(_ sample: Sample, _ count: Int) throws {
        guard sample.report.server != nil else { return }
        var report = sample.report
        report.shard = nil
        // Roles that could not be set stand first, as a run has them.
        report.records.sort {
            $0.trial.operation == .setRole && $1.trial.operation != .setRole
        }
        let consumed = report.sequencesConsumed
        report.sequencesConsumed = consumed.sorted { $0.sequence.displayed < $1.sequence.displayed }
        for index in report.records.indices { report.records[index].place = nil }
        let pieces = shards(report, count)
        let merged = try ShardMerge.whole(of: parts(pieces.reversed()))
        var expected = report
        expected.exitCode = merged.exitCode
        expected.startedAt = merged.startedAt
        #expect(try JSONReport.json(of: merged) == JSONReport.json(of: expected))
        #expect(merged.startedAt == report.startedAt + 1)
        #expect(merged.seconds == report.seconds)
    }

    @Test("The report of a whole run stays what it is")
    func alone() throws {
        let report = Sample.allVerdicts.report
        #expect(try ShardMerge.whole(of: parts([report])) == report)
        #expect(
            message([report, report])
                == "'0.json' is the report of a whole run; merge takes those of shards (pgsmoke "
                + "--shard I/N --json FILE)"
        )
    }

    @Test("A shard that is missing, or there twice, is named")
    func incomplete() {
        let pieces = shards(Sample.allVerdicts.report, 4)
        #expect(
            message([pieces[0], pieces[3]])
                == "shards 2, 3 of 4 are missing; give merge the reports of all"
        )
        #expect(
            message(Array(pieces.dropLast()))
                == "shard 4 of 4 is missing; give merge the reports of all"
        )
        #expect(
            message(pieces + [pieces[1]])
                == "'1.json' and '4.json' are both shard 2 of 4; give merge each shard once"
        )
    }

    @Test("Shards of different runs are told apart by what differs")
    func strangers() {
        let pieces = shards(Sample.allVerdicts.report, 2)
        func with(_ change: (inout RunReport) -> Void) -> String? {
            var other = pieces[1]
            change(&other)
            return message([pieces[0], other])
        }
        #expect(
            message([pieces[0], shards(Sample.allVerdicts.report, 3)[1]])
                == "'0.json' is shard 1 of 2 and '1.json' is shard 2 of 3; give merge the shards of "
                + "one run"
        )
        #expect(with { $0.shard?.plan = "other" }?.contains("do not expect the same cases") == true)
        #expect(
            with { $0.server?.database = "shop\n2" }
                == #"the database is shop in '0.json' and "shop\x0A2" in '1.json'; give merge the "#
                + "shards of one run"
        )
        #expect(with { $0.server?.user = "other" }?.contains("role that connected") == true)
        #expect(with { $0.server?.version = "17.1" }?.contains("server's version") == true)
        #expect(with { $0.version = "9" }?.contains("the version of pgsmoke is 0.1.0") == true)
        #expect(with { $0.records = pieces[0].records }?.contains("both hold the case") == true)
    }

    @Test("A shard without a connection leaves its error, once, and the others' cases")
    func unconnected() throws {
        let count = 3
        var pieces = shards(Sample.everythingPassed.report, count)
        for index in [0, 2] {
            pieces[index] = Sample.noConnection.report
            pieces[index].shard = Shard(index: index + 1, count: count).map { ShardStamp($0) }
        }
        let merged = try ShardMerge.whole(of: parts(pieces))
        #expect(merged.records.map(\.trial.operation).count { $0 == .connect } == 1)
        #expect(merged.count(of: .passed) == pieces[1].records.count)
        #expect(merged.server == Sample.shop)
    }

    @Test("What cut a shard short cut the run short")
    func cutShort() throws {
        func merged(_ causes: CutShort?...) throws -> CutShort? {
            var pieces = shards(Sample.allVerdicts.report, causes.count)
            for (index, cause) in causes.enumerated() { pieces[index].cutShort = cause }
            return try ShardMerge.whole(of: parts(pieces)).cutShort
        }
        #expect(try merged(nil, nil) == nil)
        #expect(try merged(nil, .failFast, .timeLimit) == .timeLimit)
        #expect(try merged(.failFast, nil) == .failFast)
        #expect(try merged(.timeLimit, .interrupted) == .interrupted)
    }

    @Test("What a baseline knew in the shards stays known, and strictness stays")
    func verdicts() throws {
        let merged = try ShardMerge.whole(of: parts(shards(Sample.baseline.report, 1)))
        #expect(merged.baseline == Sample.baseline.report.baseline)
        #expect(merged.failing.count == 1)
        let strict = try ShardMerge.whole(of: parts(shards(Sample.strict.report, 3)))
        #expect(strict.failing.count == Sample.strict.report.failing.count)
    }
}
