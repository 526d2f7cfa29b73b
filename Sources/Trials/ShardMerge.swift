/// Why reports are not those of one run's shards, in one sentence.
package struct UnmergeableReports: Error, Sendable, Hashable {
    package var message: String

    init(_ message: String) { self.message = message }
}

/// Joins the reports of a run's shards into that of the whole run.
package struct ShardMerge {
    /// A report and the file that it came from.
    package struct Part: Sendable {
        package var file: String
        package var report: RunReport

        package init(file: String, report: RunReport) {
            self.file = file
            self.report = report
        }

        fileprivate var name: String { "'\(PrintableText.line(file))'" }
    }

    private let parts: [Part]

    /// Returns the run as it would have been without shards, but for times.
    ///
    /// It began with the first shard and took as long as the longest. The report of a whole run is
    /// returned as it is.
    package static func whole(of parts: [Part]) throws(UnmergeableReports) -> RunReport {
        if parts.count == 1, parts[0].report.shard == nil { return parts[0].report }
        let parts = try complete(parts)
        let merge = Self(parts: parts)
        try merge.checkRun()
        return try merge.report()
    }

    /// Returns the parts in order, if each is there once.
    private static func complete(_ parts: [Part]) throws(UnmergeableReports) -> [Part] {
        var byIndex: [Int: Part] = [:]
        var first: (part: Part, shard: Shard)?
        for part in parts {
            guard let shard = part.report.shard?.shard else {
                throw UnmergeableReports(
                    "\(part.name) is the report of a whole run; merge takes those of shards "
                        + "(pgsmoke --shard I/N --json FILE)"
                )
            }
            if let first, first.shard.count != shard.count {
                throw UnmergeableReports(
                    "\(first.part.name) is \(first.shard) and \(part.name) is \(shard); give merge "
                        + "the shards of one run"
                )
            }
            if let other = byIndex[shard.index] {
                throw UnmergeableReports(
                    "\(other.name) and \(part.name) are both \(shard); give merge each shard once"
                )
            }
            byIndex[shard.index] = part
            first = first ?? (part, shard)
        }
        let count = first?.shard.count ?? 0
        let missing = (1...max(1, count)).prefix(1_000).filter { byIndex[$0] == nil }
        guard missing.isEmpty else {
            let numbers = missing.map(String.init).joined(separator: ", ")
            throw UnmergeableReports(
                "\(missing.count == 1 ? "shard" : "shards") \(numbers) of \(count) "
                    + "\(missing.count == 1 ? "is" : "are") missing; give merge the reports of all"
            )
        }
        return byIndex.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Makes sure that all parts are of the same run.
    private func checkRun() throws(UnmergeableReports) {
        try checkSame("the version of pgsmoke") { $0.version }
        try checkSame("the server's version") { $0.server?.version }
        try checkSame("the database") { $0.server.map { Identifier.displayed($0.database) } }
        try checkSame("the role that connected") {
            $0.server.map { Identifier.displayed($0.user) }
        }
        let planned = parts.filter { $0.report.shard?.plan != nil }
        guard let first = planned.first,
            let other = planned.first(where: { $0.report.shard?.plan != first.report.shard?.plan })
        else { return }
        throw UnmergeableReports(
            "\(first.name) and \(other.name) do not expect the same cases; run all shards with the "
                + "same options and with no migration in between"
        )
    }

    /// Compares what is known of the parts: one without a connection knows little.
    private func checkSame(
        _ what: String,
        _ value: (RunReport) -> String?
    ) throws(UnmergeableReports) {
        var first: (name: String, value: String)?
        for part in parts {
            guard let value = value(part.report) else { continue }
            if let first, !first.value.utf8.elementsEqual(value.utf8) {
                throw UnmergeableReports(
                    "\(what) is \(PrintableText.line(first.value)) in \(first.name) and "
                        + "\(PrintableText.line(value)) in \(part.name); give merge the shards of "
                        + "one run"
                )
            }
            first = first ?? (part.name, value)
        }
    }

    private func report() throws(UnmergeableReports) -> RunReport {
        let reports = parts.map(\.report)
        var whole = RunReport(
            version: reports[0].version,
            server: reports.lazy.compactMap(\.server).first,
            startedAt: reports.map(\.startedAt).min() ?? 0,
            seconds: reports.map(\.seconds).max() ?? 0
        )
        whole.leftOut = each(reports.map(\.leftOut))
        whole.logins = logins
        whole.notes = each(reports.map(\.notes))
        whole.sequencesConsumed = consumed
        // What could not finish weighs more than what was not to go on.
        let causes = reports.compactMap(\.cutShort)
        whole.cutShort =
            [.interrupted, .timeLimit, .failFast].first { causes.contains($0) }
        whole.isStrict = reports.contains(where: \.isStrict)
        let comparisons = reports.compactMap(\.baseline)
        if !comparisons.isEmpty {
            whole.baseline = BaselineComparison(
                cured: comparisons.flatMap(\.cured).sorted(),
                gone: comparisons.flatMap(\.gone).sorted()
            )
        }
        whole.records = try records()
        return whole
    }

    /// Returns what stands in the lists, each element once.
    private func each<Element: Hashable>(_ lists: [[Element]]) -> [Element] {
        var seen: Set<Element> = []
        return lists.joined().filter { seen.insert($0).inserted }
    }

    /// What is known of each role's login; one that failed for any shard has failed.
    private var logins: [LoginFacts] {
        var places = ExactNames<Int>()
        var logins: [LoginFacts] = []
        for login in parts.flatMap(\.report.logins) {
            if let place = places[login.role] {
                if !login.canLogIn, logins[place].canLogIn { logins[place] = login }
            } else {
                places[login.role] = logins.count
                logins.append(login)
            }
        }
        return logins
    }

    /// The sums for each sequence: every shard used values up for itself.
    private var consumed: [ConsumedSequence] {
        var sums: [ObjectName: Int] = [:]
        for consumed in parts.flatMap(\.report.sequencesConsumed) {
            sums[consumed.sequence, default: 0] += consumed.values
        }
        return sums.map { ConsumedSequence(sequence: $0.key, values: $0.value) }
            .sorted { $0.sequence.displayed < $1.sequence.displayed }
    }

    /// The records in the order of the whole run; what every shard has to say is told once.
    private func records() throws(UnmergeableReports) -> [Record] {
        var holders = ExactNames<Part>()
        var records: [Record] = []
        for part in parts {
            for record in part.report.records {
                let name = record.trial.name
                if let other = holders[name] {
                    if record.belongsToEveryShard { continue }
                    throw UnmergeableReports(
                        "\(other.name) and \(part.name) both hold the case "
                            + "\(PrintableText.line(name)); give merge the shards of one run"
                    )
                }
                holders[name] = part
                records.append(record)
            }
        }
        return records.enumerated().sorted { left, right in
            let (first, second) = (left.element.rank, right.element.rank)
            return first == second ? left.offset < right.offset : first < second
        }
        .map { _, record in
            var record = record
            record.place = nil
            return record
        }
    }
}

extension Record {
    /// Whether it is about the run and not about one relation.
    fileprivate var belongsToEveryShard: Bool {
        [.setRole, .connect].contains(trial.operation)
    }

    /// Where it stands: first roles that could not be set, then those that could not log in, by name.
    fileprivate var rank: Rank {
        Rank(
            place: place ?? -1,
            isLogin: trial.operation == .connect,
            role: belongsToEveryShard ? trial.role : ""
        )
    }
}

/// What records are ordered by.
private struct Rank: Comparable {
    let place: Int
    let isLogin: Bool
    let role: String

    static func < (left: Self, right: Self) -> Bool {
        (left.place, left.isLogin ? 1 : 0, left.role)
            < (right.place, right.isLogin ? 1 : 0, right.role)
    }
}
