package import Catalog
package import Postgres
internal import RowSynthesis
internal import Synchronization

/// The lane of a second connection, which takes a share of what there is to read before the trials of a
/// large database, and a share of the trials then.
package final class SecondLane: Sendable {
    let lane = Lane()
    private let target: ConnectionTarget
    private let stop: StopSignal
    /// What the server had left before the second connection, if that was asked.
    private let slots = Mutex<ConnectionSlots?>(nil)

    package init(to target: ConnectionTarget, stop: StopSignal) {
        self.target = target
        self.stop = stop
    }

    /// Ends the thread, and the connection if it is still there.
    package func end() {
        lane.stop()
        disconnect()
    }

    /// Closes the connection if there is one.
    func disconnect() { lane.connection = nil }

    /// Whether there is a connection, as far as is known.
    var isConnected: Bool { lane.connection?.isLost == false }

    /// The process that serves it.
    var backendPID: Int32? { lane.connection?.backendPID }

    /// Reads the catalog, over both connections if it is large and a second one is allowed.
    ///
    /// - Throws: `server` (55P03 if somebody took a lock in the middle), `connectionLost`.
    package func snapshot(
        besides connection: Connection,
        jobs: Int
    ) async throws(PostgresError) -> Snapshot {
        guard jobs > 1, try Snapshot.isLarge(over: connection),
            try freeSlots(besides: connection)?.free ?? 0 > 0
        else { return try Snapshot.read(from: connection) }
        return try await Snapshot.read(from: connection, besides: lane) { [target, stop] in
            guard let second = try? Connection(to: target) else { return nil }
            stop.register(second.canceller())
            return stop.isRequested ? nil : second
        }
    }

    /// How many connections the server has left besides the first, which is asked once; `nil` where the
    /// server does not say.
    ///
    /// - Throws: `connectionLost`.
    func freeSlots(besides connection: Connection) throws(PostgresError) -> ConnectionSlots? {
        if let known = slots.withLock(\.self) { return known }
        let seen = try ConnectionSlots(over: connection)
        slots.withLock { $0 = seen }
        return seen
    }

    /// Reads the keys of the parents that relations need, over both connections if there are two.
    ///
    /// - Throws: `connectionLost`.
    func parents(
        for relations: [Relation],
        in context: RunContext,
        besides connection: Connection
    ) async throws(PostgresError) -> ExistingParents {
        let lookup = Lookup(context.snapshot, with: connection, reader: context.reader)
        let keys = try lookup.requiredKeys(of: relations)
        guard isConnected, keys.count > 1 else { return try lookup.parents(with: keys) }
        let (ours, theirs) = (Array(keys[..<(keys.count / 2)]), Array(keys[(keys.count / 2)...]))
        let (own, others) = await withTaskGroup(of: ExistingParents?.self) { [lane] group in
            group.addTask(executorPreference: lane) {
                guard let second = lane.connection else { return nil }
                let lookup = Lookup(context.snapshot, with: second, reader: context.reader)
                return try? lookup.parents(with: theirs)
            }
            let own = Result { () throws(PostgresError) in try lookup.parents(with: ours) }
            return (own, await group.next() ?? nil)
        }
        var found = try own.get()
        let rest = if let others { others } else { try lookup.parents(with: theirs) }
        found.values.merge(rest.values) { own, _ in own }
        return found
    }
}
