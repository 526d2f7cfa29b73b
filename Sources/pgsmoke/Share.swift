import Trials

/// What falls to one shard of a run.
struct Share {
    /// Names the shard and the plan of the whole run.
    let stamp: ShardStamp
    private let places: ExactNames<Int>
    private let total: Int

    /// Shares out all cases of a run that are known before it.
    ///
    /// `asksForMore` says whether the catalog will add findings of `lint` to them.
    init(_ shard: Shard, of trials: [Trial], asksForMore: Bool) {
        var places = ExactNames<Int>()
        var plan = asksForMore ? "lint\n" : ""
        for (place, trial) in trials.enumerated() {
            places[trial.name] = place
            plan += "\(trial.name)\t\(trial.isInferred)\n"
        }
        self.places = places
        total = trials.count
        stamp = ShardStamp(shard, plan: Digest.sha256(plan))
    }

    func part(of trials: [Trial]) -> [Trial] {
        var isOurs: [ObjectName: Bool] = [:]
        return trials.filter { trial in
            if let known = isOurs[trial.object] { return known }
            let isHeld = stamp.shard.holds(trial.object)
            isOurs[trial.object] = isHeld
            return isHeld
        }
    }

    /// Returns the records with their places in the whole run.
    func placed(_ records: [Record]) -> [Record] {
        records.map { record in
            var record = record
            record.place = places[record.trial.name]
            return record
        }
    }

    /// Returns those of the findings that fall to the shard, with their places after all trials.
    func part(ofFindings records: [Record]) -> [Record] {
        records.enumerated().filter { stamp.shard.holds($0.element.trial.object) }
            .map { offset, record in
                var record = record
                record.place = total + offset
                return record
            }
    }
}
