internal import Catalog
internal import Postgres
internal import Synchronization
internal import Trials

/// The connections at work, each on a thread of its own, each taking the next unit when it is free.
struct Lanes: Sendable {
    let context: RunContext
    let target: ConnectionTarget

    private enum Event: Sendable {
        case records([(place: Int, record: Record)])
        case ended(drawn: [OID: Int], plans: [Int: PlannedTrial])
        case note(String)
    }

    /// Works through the units; what a lost connection leaves undone has no record.
    ///
    /// The calling thread and its connection are the first lane, so a role that is allowed one
    /// connection needs no other. Returns the connection that this lane had in the end, `nil` if the
    /// server gave none any more.
    func run(
        _ units: [WorkUnit],
        startingOver connection: Connection,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async -> (gathered: Gathered, connection: Connection?) {
        let (events, feed) = AsyncStream.makeStream(of: Event.self)
        return await withTaskGroup(of: Gathered.self) { group in
            group.addTask(executorPreference: globalConcurrentExecutor) {
                await gather(events, progress)
            }
            let last = await work(units, startingOver: connection, feed)
            feed.finish()
            return (await group.next() ?? Gathered(), last)
        }
    }

    /// Lets all lanes work until the queue is empty or none of them has a connection.
    private func work(
        _ units: [WorkUnit],
        startingOver connection: Connection,
        _ feed: AsyncStream<Event>.Continuation
    ) async -> Connection? {
        // The large ones first, so that no lane is left alone with one at the end.
        let queue = UnitQueue(units.sorted { $0.weight > $1.weight })
        let count = context.options.jobs
        let lanes = (1..<count).map { _ in Lane() }
        defer { for lane in lanes { lane.stop() } }
        var last = await withTaskGroup { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask(executorPreference: lane) {
                    guard let connection = connect() else {
                        feed.yield(.note(Self.fewerConnections))
                        return
                    }
                    _ = work(index + 1, over: connection, queue, feed)
                }
            }
            return work(0, over: connection, queue, feed)
        }
        // What a lane gave back that lost its connection when the others had done.
        if !queue.isEmpty, let connection = last {
            last = work(0, over: connection, queue, feed)
        }
        return last
    }

    private static let fewerConnections =
        "worked with fewer connections than asked for: the server gave no more"

    private func gather(
        _ events: AsyncStream<Event>,
        _ progress: @Sendable (_ done: Int) -> Void
    ) async -> Gathered {
        var gathered = Gathered()
        var done = 0
        for await event in events {
            switch event {
            case .records(let records):
                for (place, record) in records { gathered.records[place] = record }
                done += records.count
                progress(done)
            case .ended(let drawn, let plans):
                gathered.add(drawn, in: context.snapshot)
                gathered.plans.merge(plans) { _, new in new }
            case .note(let note): gathered.notes.append(note)
            }
        }
        return gathered
    }

    /// Takes units until there are none; a connection that is lost is made anew once.
    private func work(
        _ number: Int,
        over connection: Connection,
        _ queue: UnitQueue,
        _ feed: AsyncStream<Event>.Continuation
    ) -> Connection? {
        var current: Connection? = connection
        var reconnections = 0
        var interrupted: RelationWork?
        while let connection = current, !context.stop.isRequested {
            let runner = LaneRunner(context, over: connection)
            defer { feed.yield(.ended(drawn: runner.drawn, plans: runner.plans)) }
            do {
                if let work = interrupted {
                    feed.yield(.records(context.stop.sound(try runner.run(work))))
                    interrupted = nil
                }
                while context.stop.reason == nil, let work = queue.next(for: number) {
                    interrupted = work
                    let records = context.stop.sound(try runner.run(work))
                    context.stop.heed(records.lazy.map(\.record))
                    feed.yield(.records(records))
                    interrupted = nil
                }
                return connection
            } catch {
                if context.stop.isRequested {
                    rollBack(connection)
                    return connection
                }
                if case .server(let answer) = error, let work = interrupted {
                    // Not the connection's end, but an answer that no trial is there for.
                    feed.yield(
                        .records(Self.failed(work, answer.message, .invalidStatement, answer))
                    )
                    interrupted = nil
                    continue
                }
                reconnections += 1
                current = reconnections < 2 ? connect() : nil
            }
        }
        if context.stop.isRequested { return current }
        if let interrupted {
            let reason = "the connection was lost in the middle of the trial"
            feed.yield(.records(Self.failed(interrupted, reason, .connectionLost, nil)))
        }
        queue.giveBack(from: number)
        return nil
    }

    /// Leaves no transaction open behind a trial that was cancelled; a cancellation that comes late
    /// may hit the rollback itself.
    private func rollBack(_ connection: Connection) {
        for _ in 0..<5 where connection.isInTransaction {
            _ = try? connection.execute("ROLLBACK")
        }
    }

    private func connect() -> Connection? {
        guard let connection = try? Connection(to: target) else { return nil }
        context.backends.insert(connection.backendPID)
        context.stop.register(connection.canceller())
        return connection
    }

    private static func failed(
        _ work: RelationWork,
        _ reason: String,
        _ problem: Problem,
        _ error: ServerError?
    ) -> [(place: Int, record: Record)] {
        work.trials.map { place, trial in
            (
                place,
                Record(
                    trial: trial,
                    verdict: .error,
                    reason: reason,
                    problem: problem,
                    sqlState: error?.sqlState.code,
                    message: error?.message
                )
            )
        }
    }
}

/// The units that wait, in the order in which they were given; relations of one unit stay on one lane.
private final class UnitQueue: Sendable {
    private let state: Mutex<State>

    private struct State {
        var units: ArraySlice<WorkUnit>
        /// What is left of the unit that each lane is at.
        var current: [Int: ArraySlice<RelationWork>] = [:]
    }

    init(_ units: [WorkUnit]) { state = Mutex(State(units: units[...])) }

    func next(for lane: Int) -> RelationWork? {
        state.withLock { state in
            if let work = state.current[lane]?.popFirst() { return work }
            guard let unit = state.units.popFirst() else { return nil }
            state.current[lane] = unit.relations[...]
            return state.current[lane]?.popFirst()
        }
    }

    var isEmpty: Bool { state.withLock { $0.units.isEmpty } }

    /// Leaves what a lane that ends has not tried to the others.
    func giveBack(from lane: Int) {
        state.withLock { state in
            guard let rest = state.current.removeValue(forKey: lane), !rest.isEmpty else { return }
            state.units = [WorkUnit(relations: Array(rest))] + state.units
        }
    }
}
