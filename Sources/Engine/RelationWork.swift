internal import Catalog
internal import Trials

/// The trials of relations that must not be tried at the same time, in the order of the plan.
struct WorkUnit: Sendable {
    var relations: [RelationWork]

    /// How many trials they are.
    var weight: Int { relations.reduce(0) { $0 + $1.trials.count } }
}

/// All trials of one relation.
struct RelationWork: Sendable {
    let relation: Relation
    /// Each with its place in the plan.
    var trials: [(place: Int, trial: Trial)]
}

extension WorkUnit {
    /// The unit without the trials that the condition picks; `nil` if nothing is left of it.
    func without(_ isLeftOut: (Trial) -> Bool) -> WorkUnit? {
        var unit = self
        for index in unit.relations.indices {
            unit.relations[index].trials.removeAll { isLeftOut($0.trial) }
        }
        unit.relations.removeAll { $0.trials.isEmpty }
        return unit.relations.isEmpty ? nil : unit
    }

    /// Groups a plan by relation, and relations that draw from the same sequence into one unit.
    static func units(of trials: [(place: Int, trial: Trial)], with context: RunContext)
        -> [WorkUnit]
    {
        var works: [RelationWork] = []
        var placeOfRelation: [OID: Int] = [:]
        for (place, trial) in trials {
            guard let relation = context.snapshot.relationsByName[trial.object] else { continue }
            if let index = placeOfRelation[relation.oid] {
                works[index].trials.append((place, trial))
            } else {
                placeOfRelation[relation.oid] = works.count
                works.append(RelationWork(relation: relation, trials: [(place, trial)]))
            }
        }
        var units: [WorkUnit] = []
        var unitOfSequence: [OID: Int] = [:]
        for work in works {
            let sequences = context.sequences(of: work.relation).map(\.oid)
            let touched = Set(sequences.compactMap { unitOfSequence[$0] }).sorted()
            let home = touched.first ?? units.count
            if touched.isEmpty { units.append(WorkUnit(relations: [])) }
            units[home].relations.append(work)
            for other in touched.dropFirst() {
                units[home].relations += units[other].relations
                units[other].relations = []
                for (sequence, unit) in unitOfSequence where unit == other {
                    unitOfSequence[sequence] = home
                }
            }
            for sequence in sequences { unitOfSequence[sequence] = home }
        }
        return units.filter { !$0.relations.isEmpty }
    }
}
