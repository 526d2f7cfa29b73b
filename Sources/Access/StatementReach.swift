package import Catalog
internal import Trials

/// Which relations and sequences a statement reaches, by the catalog and by what functions name.
///
/// What code does cannot be known from its text: a sequence that it names may never be drawn from,
/// and a name that is put together at run time is missed.
package struct StatementReach: Sendable {
    private let snapshot: Snapshot
    let byName: [String: [Relation]]
    let routinesByName: [String: [Routine]]
    /// What the functions of triggers name, each read once.
    private let namedByRoutine: [OID: Named]
    private let tablesWithCode: Set<OID>
    /// The tables whose defaults or triggers ask what the session has drawn last.
    private let tablesAskingSession: Set<OID>

    private struct Named {
        var sequences: [OID] = []
        var tables: [OID] = []
    }

    package init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        tablesWithCode = Self.tablesWithCode(in: snapshot)
        tablesAskingSession = Self.tablesAskingSession(in: snapshot)
        let byName = Dictionary(grouping: snapshot.orderedRelations, by: \.name)
        self.byName = byName
        routinesByName = Dictionary(
            grouping: snapshot.routines.values.sorted { $0.oid < $1.oid },
            by: \.name
        )
        var named: [OID: Named] = [:]
        for trigger in snapshot.triggers.values.joined() where named[trigger.routine] == nil {
            guard let routine = snapshot.routines[trigger.routine] else { continue }
            named[routine.oid] = Self.named(in: Words(routine.source), byName)
        }
        namedByRoutine = named
    }

    private static func named(in words: Words, _ byName: [String: [Relation]]) -> Named {
        Named(
            sequences: sequences(namedIn: words, byName),
            tables: words.insertTargets.flatMap { byName[$0] ?? byName[$0.lowercased()] ?? [] }
                .filter { $0.kind != .sequence }
                .map(\.oid)
        )
    }

    /// The relations that the server writes to by itself: the one that is named, the base beneath a
    /// view, the partitions of a partitioned table.
    package func written(by relation: OID) -> Set<OID> {
        var written: Set<OID> = []
        var pending = [relation]
        while let next = pending.popLast() {
            guard written.insert(next).inserted else { continue }
            pending += snapshot.reach.viewBases[next] ?? []
            pending += (snapshot.partitions[next] ?? []).map(\.oid)
        }
        return written
    }

    /// Whether an insert can set off code of the user's, which may do anything.
    package func runsCode(_ relation: OID) -> Bool {
        guard !tablesWithCode.isEmpty else { return false }
        return written(by: relation).contains(where: tablesWithCode.contains)
    }

    /// The tables whose own triggers or defaults run code.
    private static func tablesWithCode(in snapshot: Snapshot) -> Set<OID> {
        var tables = Set(snapshot.triggers.filter { !$0.value.isEmpty }.keys)
        tables.formUnion(snapshot.relations.values.lazy.filter(\.hasRules).map(\.oid))
        tables.formUnion(
            snapshot.reach.defaultRoutines.filter { !$0.value.isEmpty }.keys.map(\.relation)
        )
        for column in snapshot.columns.values.joined() where namesSequence(column, in: snapshot) {
            tables.insert(column.relation)
        }
        return tables
    }

    /// Whether an insert may ask what the session has drawn from sequences before, by `currval` or
    /// `lastval`.
    package func asksSession(_ relation: OID) -> Bool {
        guard !tablesAskingSession.isEmpty else { return false }
        return written(by: relation).contains(where: tablesAskingSession.contains)
    }

    private static func tablesAskingSession(in snapshot: Snapshot) -> Set<OID> {
        let called =
            snapshot.reach.defaultRoutines
            .flatMap { place, routines in routines.map { (table: place.relation, routine: $0) } }
            + snapshot.triggers.values.joined().map { (table: $0.relation, routine: $0.routine) }
        let asking = Set(called.map(\.routine)).filter {
            snapshot.routines[$0]?.source.lowercased().asksSession ?? false
        }
        return Set(called.filter { asking.contains($0.routine) }.map(\.table))
            .union(snapshot.columns.values.joined().lazy.filter(\.asksSession).map(\.relation))
    }

    /// Whether a check, an index or the key of a partition calls a function of the users', which may
    /// look at other rows.
    package func callsRoutines(_ relation: OID) -> Bool {
        written(by: relation).contains { table in
            snapshot.reach.checkRoutines[table] != nil || snapshot.reach.indexRoutines[table] != nil
                || snapshot.reach.partitionRoutines[table] != nil
                || !snapshot.reach.domainRoutines.isEmpty
                    && (snapshot.columns[table] ?? []).contains { callsRoutines(inside: $0.type) }
        }
    }

    /// Whether the checks of a domain that values of the type hold call a function of the users'.
    private func callsRoutines(inside type: OID) -> Bool {
        switch snapshot.types[type]?.form {
        case .domain(let base, _):
            snapshot.reach.domainRoutines[type] != nil || callsRoutines(inside: base)
        case .array(let element): callsRoutines(inside: element)
        case .range(let subtype), .multirange(let subtype): callsRoutines(inside: subtype)
        case .composite(let relation):
            (snapshot.columns[relation] ?? []).contains { callsRoutines(inside: $0.type) }
        case .base, .enumeration, .pseudo, nil: false
        }
    }

    /// What fills a column that a statement leaves out: its default or that of its domain.
    private static func expression(of column: Column, in snapshot: Snapshot) -> String? {
        column.defaultExpression
            ?? snapshot.domains(of: column.type).lazy.compactMap(\.defaultExpression).first
    }

    /// Whether a default looks its sequence up by a name, which leaves no dependency.
    private static func namesSequence(_ column: Column, in snapshot: Snapshot) -> Bool {
        guard let expression = expression(of: column, in: snapshot) else { return false }
        let place = Reach.Place(relation: column.relation, column: column.number)
        return snapshot.reach.defaultSequences[place] == nil
            && expression.holds("nextval")
    }

    /// The sequences that a statement may draw from: those of the defaults, those that triggers name,
    /// and those of tables that triggers insert into.
    package func sequences(
        of relation: OID,
        by events: Set<Relation.Event> = [.insert]
    ) -> [Relation] {
        reached(from: Named(tables: [relation]), by: events)
    }

    /// The sequences that a routine's call may draw from, or set: those that its code names, with the
    /// routines that it calls, and those of tables that it inserts into.
    package func sequences(calledBy routine: Routine) -> [Relation] {
        var named = Named()
        var pending = [routine]
        var visited: Set<OID> = [routine.oid]
        while let next = pending.popLast() {
            let words = Words(next.source)
            let own = Self.named(in: words, byName)
            named.sequences += own.sequences + Self.sequences(namedIn: words, byName, by: "setval")
            named.tables += own.tables
            pending += words.names.flatMap { routinesByName[$0] ?? [] }
                .filter { !$0.isBuiltIn && visited.insert($0.oid).inserted }
        }
        return reached(from: named, by: [.insert])
    }

    private func reached(from start: Named, by events: Set<Relation.Event>) -> [Relation] {
        var found = start.sequences
        var pending = start.tables
        var visited: Set<OID> = []
        while let next = pending.popLast() {
            let events = start.tables.contains(next) ? events : [.insert]
            for table in written(by: next) where visited.insert(table).inserted {
                for column in snapshot.columns[table] ?? [] { found += sequences(of: column) }
                for trigger in snapshot.triggers[table] ?? []
                where trigger.isEnabled && fires(trigger, on: events) {
                    guard let named = namedByRoutine[trigger.routine] else { continue }
                    found += named.sequences
                    pending += named.tables.filter { !visited.contains($0) }
                }
            }
        }
        return Set(found).sorted().compactMap { snapshot.relations[$0] }
    }

    private func fires(_ trigger: Trigger, on events: Set<Relation.Event>) -> Bool {
        events.contains(where: trigger.fires)
    }

    /// The sequences that a column's default names in text, its own or that of a function.
    func sequences(namedBy column: Column) -> [Relation] {
        sequences(of: column).compactMap { snapshot.relations[$0] }
    }

    private func sequences(of column: Column) -> [OID] {
        let place = Reach.Place(relation: column.relation, column: column.number)
        if let identity = snapshot.reach.identitySequences[place] { return [identity] }
        var found = snapshot.reach.defaultSequences[place] ?? []
        if let expression = Self.expression(of: column, in: snapshot),
            Self.namesSequence(column, in: snapshot)
        {
            found += Self.sequences(namedIn: Words(expression), byName)
        }
        for routine in snapshot.reach.defaultRoutines[place] ?? [] {
            guard let source = snapshot.routines[routine]?.source else { continue }
            found += Self.sequences(namedIn: Words(source), byName)
        }
        return found
    }

    private static func sequences(
        namedIn words: Words,
        _ byName: [String: [Relation]],
        by function: String = "nextval"
    ) -> [OID] {
        words.arguments(of: function).flatMap { name in
            let last = Words.parts(of: name).last ?? ""
            return (byName[last] ?? byName[last.lowercased()] ?? []).filter { $0.kind == .sequence }
                .map(\.oid)
        }
    }
}
