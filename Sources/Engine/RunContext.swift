internal import Access
internal import Catalog
package import Postgres
internal import RowSynthesis
internal import Synchronization
internal import Trials

/// What all lanes of a run share.
struct RunContext: Sendable {
    var access: AccessMap
    var options: EngineOptions
    /// The connecting role.
    let user: Principal
    let frames: ExactNames<Preflight.Result>
    var parents: ExistingParents
    let backends: Backends
    let stop: StopSignal

    var snapshot: Snapshot { access.snapshot }
    var reach: InsertReach { access.reach }

    /// The sequences that each relation's trials may draw from.
    private var foreseen: [OID: [Relation]] = [:]

    init(
        access: AccessMap,
        options: EngineOptions,
        user: Principal,
        frames: ExactNames<Preflight.Result>,
        parents: ExistingParents,
        backends: Backends,
        stop: StopSignal
    ) {
        self.access = access
        self.options = options
        self.user = user
        self.frames = frames
        self.parents = parents
        self.backends = backends
        self.stop = stop
    }

    /// Works out once for all lanes what the trials may draw from.
    mutating func foresee(_ trials: [Trial]) {
        for object in Set(trials.map(\.object)) {
            guard let relation = snapshot.relationsByName[object] else { continue }
            foreseen[relation.oid] = reachedSequences(of: relation)
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
    func sequences(of relation: Relation) -> [Relation] {
        foreseen[relation.oid] ?? reachedSequences(of: relation)
    }

    private func reachedSequences(of relation: Relation) -> [Relation] {
        let parents = snapshot.requiredParents(of: relation.oid).filter(reach.runsCode)
        guard !parents.isEmpty else { return reach.sequences(of: relation.oid) }
        let all = ([relation.oid] + parents).flatMap(reach.sequences(of:))
        return Set(all).sorted { $0.oid < $1.oid }
    }

    /// As whom a relation's rows are read: the connecting role, the owner or a role that is tried.
    func reader(_ relation: Relation) -> Lookup.Reader {
        if mayUse(relation, user, .select) { return .connectingRole }
        if snapshot.canSetRole(user.role, to: relation.owner) {
            return .role(snapshot.roleName(relation.owner))
        }
        let tried = frames.sorted.lazy.compactMap { _, result in
            if case .ready(let frame) = result { frame.effective } else { nil }
        }
        let reader = tried.first { mayUse(relation, access.principal($0.oid), .select) }
        return reader.map { .role($0.name) } ?? .nobody
    }

    /// The owner as whom scaffold rows are put in place; `nil` for the connecting role itself.
    func inserter(_ relation: Relation) -> String? {
        if mayUse(relation, user, .insert) { return nil }
        guard snapshot.canSetRole(user.role, to: relation.owner) else { return nil }
        return snapshot.roleName(relation.owner)
    }

    private func mayUse(_ relation: Relation, _ who: Principal, _ privilege: Privilege) -> Bool {
        guard access.has(who, privilege, on: relation) else { return false }
        return snapshot.schemas[relation.schemaOID].map { access.has(who, .usage, on: $0) } ?? false
    }
}

/// The server processes that work for this run.
final class Backends: Sendable {
    private let pids = Mutex<Set<Int32>>([])

    func insert(_ pid: Int32) { pids.withLock { _ = $0.insert(pid) } }

    var all: [Int32] { pids.withLock { $0.sorted() } }
}

/// The wish to end a run early, heard by all lanes.
package final class StopSignal: Sendable {
    private let state = Mutex<(isRequested: Bool, cancellers: [Canceller])>((false, []))

    package init() {}

    package var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Interrupts what the lanes are doing and lets them end.
    package func request() {
        let cancellers = state.withLock { state in
            state.isRequested = true
            return state.cancellers
        }
        for canceller in cancellers { canceller.cancel() }
    }

    package func register(_ canceller: Canceller) {
        state.withLock { $0.cancellers.append(canceller) }
    }
}
