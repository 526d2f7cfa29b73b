internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Synchronization
internal import Trials

/// What all lanes of a run share.
struct RunContext: Sendable {
    var access: AccessMap
    var options: EngineOptions
    let declarations: Declarations
    /// The connecting role.
    var user: Principal
    var frames: ExactNames<Preflight.Result>
    /// The role that has really logged in for the trials; `nil` where they are carried out by SET ROLE.
    var login: String?
    /// Where rows are looked for, if not over the trials' own connection.
    var lookupHome: LookupHome?
    var parents: ExistingParents
    /// Values that the user wrote down for columns.
    var declared: [OID: [Int: RowValue]] = [:]
    /// Foreign tables that the user wants to be tried.
    var foreignTables: Set<OID> { declarations.foreignTables }
    /// Deletes that would read a large table.
    var slowDeletes = SlowDeletes()
    let backends: Backends
    let stop: StopSignal
    var distance = ServerDistance.near

    var snapshot: Snapshot { access.snapshot }
    var reach: StatementReach { access.reach }

    /// The sequences that each relation's trials may draw from.
    private var foreseen: [OID: [Relation]] = [:]

    init(
        access: AccessMap,
        options: EngineOptions,
        declarations: Declarations = Declarations(),
        user: Principal,
        frames: ExactNames<Preflight.Result>,
        parents: ExistingParents,
        backends: Backends,
        stop: StopSignal
    ) {
        self.access = access
        self.options = options
        self.declarations = declarations
        self.user = user
        self.frames = frames
        self.parents = parents
        self.backends = backends
        self.stop = stop
        mayUseReplicaMode = access.snapshot.server.canSwitchTriggersOff
        canSilenceStatistics = access.snapshot.server.canSilenceStatistics
    }

    /// Works out once for all lanes what the trials may draw from.
    mutating func foresee(_ trials: [Trial]) {
        for (object, trials) in Dictionary(grouping: trials, by: \.object) {
            guard let relation = snapshot.relationsByName[object] else { continue }
            let events = Set(trials.flatMap(\.operation.events))
            foreseen[relation.oid] = reachedSequences(of: relation, by: events)
        }
    }

    /// Counts sequences that a denial has made known among those that a relation draws from.
    mutating func foresee(_ sequences: [Relation], of relation: Relation) {
        let known = self.sequences(of: relation)
        let new = sequences.filter { sequence in !known.contains { $0.oid == sequence.oid } }
        if !new.isEmpty { foreseen[relation.oid] = (known + new).sorted { $0.oid < $1.oid } }
    }

    /// The sequences that a trial of a relation may draw from: its own, and those of code that the
    /// rows set off which may have to be put in place for it.
    ///
    /// Parents that a row can do without are among them only if it has them.
    func sequences(
        of relation: Relation,
        scaffolding scaffold: [RowDraft.Row] = []
    ) -> [Relation] {
        let own = foreseen[relation.oid] ?? reachedSequences(of: relation)
        let known = Set(own)
        let others = Set(
            scaffold.map(\.relation.oid).filter(reach.runsCode).flatMap { reach.sequences(of: $0) }
        ).subtracting(known)
        return others.isEmpty ? own : known.union(others).sorted { $0.oid < $1.oid }
    }

    private func reachedSequences(
        of relation: Relation,
        by events: Set<Relation.Event> = [.insert]
    ) -> [Relation] {
        if relation.kind == .sequence { return [relation] }
        let parents = snapshot.requiredParents(of: relation.oid).filter(reach.runsCode)
        let own = reach.sequences(of: relation.oid, by: events)
        guard !parents.isEmpty else { return own }
        let all = own + parents.flatMap { reach.sequences(of: $0) }
        return Set(all).sorted { $0.oid < $1.oid }
    }

    /// Whether code of the users' may make temporary tables: those that it makes for rows put in place
    /// belong to the wrong role.
    var mayMakeTemporaryTables: Bool {
        snapshot.routines.values.contains {
            !$0.isBuiltIn && $0.source.lowercased().holds("temp")
        }
    }

    /// How many relations a lane takes at a time, which may share a transaction.
    var mostTogether: Int { max(50, mostShields) }

    /// How many sequences one transaction may shield.
    ///
    /// With large buffers the server's search of those at the end of each transaction takes longer
    /// than anything else (DropRelFileNodesAllBuffers, bufmgr.c). All lanes together are to take no
    /// more than a quarter of the locks that there are: one for each shield, and what is behind the
    /// savepoint.
    var mostShields: Int {
        guard snapshot.server.sharedBuffers >= 1 << 30 else { return Self.fewShields }
        let locks = snapshot.server.lockSlots / 4 / max(1, options.jobs) - 100
        return min(400, max(Self.fewShields, locks))
    }

    /// Whether one transaction may shield so many sequences that to go back to a savepoint is dear.
    var sharesSavepoints: Bool { mostShields > Self.fewShields }

    /// At the end of a transaction that has made new storage for more than 32 relations, and of each
    /// of its subtransactions, the server goes through all relations that the connection knows
    /// (MAX_EOXACT_LIST, relcache.c).
    private static let fewShields = 30

    /// As whom a relation's rows are read: the connecting role, the owner or a role that is tried.
    func reader(_ relation: Relation) -> Lookup.Reader {
        if hasAccess(user, .select, to: relation) { return .connectingRole }
        return stand(in: relation, holding: .select).map { .role($0) } ?? .nobody
    }

    /// The role as whom scaffold rows are put in place; `nil` for the connecting role itself.
    func inserter(_ relation: Relation) -> String? {
        if hasAccess(user, .insert, to: relation) { return nil }
        return stand(in: relation, holding: .insert)
    }

    /// The role as whom a row is taken away: one that triggers have made, or that fills a table.
    func clearer(_ relation: Relation) -> String? {
        if mayClear(relation) { return nil }
        return stand(in: relation, holding: .delete)
    }

    /// Whether somebody may take rows of a relation away.
    func mayRemoveRows(of relation: Relation) -> Bool {
        mayClear(relation) || stand(in: relation, holding: .delete) != nil
    }

    /// A row to be deleted has to be read to be picked.
    private func mayClear(_ relation: Relation) -> Bool {
        hasAccess(user, .delete, to: relation) && hasAccess(user, .select, to: relation)
    }

    /// The role that the connecting one may become for a relation: its owner, or a role under trial
    /// that holds the privilege.
    private func stand(in relation: Relation, holding privilege: Privilege) -> String? {
        if snapshot.canSetRole(user.role, to: relation.owner) {
            return snapshot.roleName(relation.owner)
        }
        for (_, result) in frames.sorted {
            guard case .ready(let frame) = result,
                hasAccess(access.principal(frame.effective.oid), privilege, to: relation)
            else { continue }
            return frame.effective.name
        }
        return nil
    }

    /// Whether triggers and keys can be switched off for scaffold rows.
    var mayUseReplicaMode: Bool
    /// Whether the trials can be kept out of `pg_stat_statements`.
    var canSilenceStatistics: Bool

    func hasAccess(
        _ user: Principal,
        _ privilege: Privilege,
        to relation: Relation
    ) -> Bool {
        guard access.has(user, privilege, on: relation) else { return false }
        return snapshot.schemas[relation.schemaOID].map { access.has(user, .usage, on: $0) }
            ?? false
    }
}

/// The server processes that work for this run.
final class Backends: Sendable {
    private let pids = Mutex<Set<Int32>>([])
    private let expected = Mutex(0)

    func insert(_ pid: Int32) { pids.withLock { _ = $0.insert(pid) } }

    /// Says that so many connections are about to be made, or are made by now.
    func expect(_ change: Int) { expected.withLock { $0 += change } }

    /// How many server processes may be ours that are not known yet.
    var unknown: Int { expected.withLock(\.self) }

    /// Their process numbers, as SQL lists them.
    var list: String {
        pids.withLock { $0.sorted() }.map(String.init).joined(separator: ", ")
    }
}
