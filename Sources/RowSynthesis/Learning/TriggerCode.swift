internal import Catalog
internal import Trials

/// What the functions of a relation's triggers say about its rows.
struct TriggerCode {
    let relation: Relation
    let snapshot: Snapshot
    /// The triggers that the events set off.
    let triggers: [Trigger]
    private let harvests: [Harvest]

    init(of relation: Relation, in snapshot: Snapshot, on events: Set<Relation.Event> = [.insert]) {
        self.relation = relation
        self.snapshot = snapshot
        triggers = (snapshot.triggers[relation.oid] ?? [])
            .filter { trigger in trigger.isEnabled && events.contains(where: trigger.fires) }
        let routines = Set(triggers.map(\.routine)).sorted()
        harvests = routines.compactMap { snapshot.routines[$0] }.map { Harvest($0.source) }
    }

    /// Whether the events set no code off.
    var isEmpty: Bool { triggers.isEmpty }

    /// The columns that the code reads or writes as `NEW.column` or `OLD.column`, in the order of their
    /// mention.
    var mentioned: [Column] {
        let columns = snapshot.columns[relation.oid] ?? []
        var found: [Column] = []
        for harvest in harvests {
            let words = harvest.words
            for index in words.indices.dropLast(2)
            where ["new", "old"].contains(words[index].lowercased()) && words[index + 1] == "." {
                let name = words[index + 2]
                guard
                    let column = columns.first(where: {
                        $0.name == name || $0.name == name.lowercased()
                    }), !found.contains(column)
                else { continue }
                found.append(column)
            }
        }
        return found
    }

    /// What the functions say about values.
    var hints: [Harvest] { harvests }

    /// The constants that the code compares columns with, by name: the first for each.
    var equalities: [String: String] {
        let comparisons: Set<String> = ["=", "<>", "!=", "in", "any"]
        var equalities: [String: String] = [:]
        for constant in harvests.flatMap(\.constants)
        where comparisons.contains(constant.before.lowercased()) && !constant.compared.isEmpty {
            if equalities[constant.compared] == nil {
                equalities[constant.compared] = constant.text
            }
        }
        return equalities
    }

    /// Other tables that the code names, in the order of their mention.
    var tables: [Relation] {
        let tables = snapshot.tablesByName
        var found: [Relation] = []
        for word in harvests.flatMap(\.words) {
            for table in tables[word] ?? tables[word.lowercased()] ?? []
            where table.oid != relation.oid && !found.contains(table) {
                found.append(table)
            }
        }
        return found
    }

    /// The trigger that lets no row pass: whatever its function does, it returns NULL.
    var swallower: Trigger? {
        triggers.first { trigger in
            guard trigger.isBefore, trigger.isForEachRow, !trigger.isConditional,
                let source = snapshot.routines[trigger.routine]?.source
            else { return false }
            let words = Harvest(source).words.map { $0.lowercased() }
            let returned = words.indices.filter { words[$0] == "return" }
                .map { words.indices.contains($0 + 1) ? words[$0 + 1] : "" }
            return !returned.isEmpty && returned.allSatisfy { $0 == "null" }
        }
    }

    /// The trigger that refuses every row: the first that its function does is to raise an error.
    var refuser: Trigger? {
        triggers.first { trigger in
            !trigger.isConditional && trigger.updateColumns.isEmpty
                && (snapshot.routines[trigger.routine].map(Self.refusesAll) ?? false)
        }
    }

    /// Whether the first that a function does is to raise an error.
    static func refusesAll(_ routine: Routine) -> Bool {
        let words = Harvest(routine.source).words.map { $0.lowercased() }
        guard words.prefix(2) == ["begin", "raise"], !words.dropFirst(3).contains("exception")
        else { return false }
        let level = words.dropFirst(2).first ?? ""
        return !["debug", "log", "info", "notice", "warning"].contains(level)
    }
}

extension Snapshot {
    /// The tables by their names, whatever their schemas.
    var tablesByName: [String: [Relation]] {
        Dictionary(grouping: orderedRelations.filter { $0.kind == .table }, by: \.name)
    }
}
