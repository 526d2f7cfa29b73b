internal import Catalog
internal import Postgres
internal import Synchronization
internal import Trials

/// The connections at work, each on a thread of its own, each taking the next unit when it is free.
struct Lanes: Sendable {
    let context: RunContext
    let target: ConnectionTarget
    /// A lane to work on besides the calling thread, which may have its connection already.
    var second: Lane?

    private enum Event: Sendable {
        case records([(place: Int, record: Record)])
        case ended(consumed: [OID: Int], plans: [Int: PlannedTrial])
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
        let count = context.options.jobs
        let queue = UnitQueue(
            units.sorted { $0.weight > $1.weight },
            lanes: count,
            most: context.mostTogether
        )
        let ready = count > 1 ? [second].compactMap(\.self) : []
        let others = (1..<count).dropFirst(ready.count).map { _ in Lane() }
        let lanes = ready + others
        context.backends.expect(lanes.count)
        defer { for lane in others { lane.stop() } }
        var last = await withTaskGroup { group in
            for (index, lane) in lanes.enumerated() {
                group.addTask(executorPreference: lane) {
                    let made = lane.takeConnection().flatMap { $0.answers ? $0 : nil } ?? connect()
                    context.backends.expect(-1)
                    guard let connection = made else {
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
            case .ended(let consumed, let plans):
                gathered.add(consumed)
                gathered.plans.merge(plans) { _, new in new }
            case .note(let note): gathered.notes.append(note)
            }
        }
        return gathered
    }

    /// Takes relations until there are none; a connection that is lost is made anew once.
    private func work(
        _ number: Int,
        over connection: Connection,
        _ queue: UnitQueue,
        _ feed: AsyncStream<Event>.Continuation
    ) -> Connection? {
        var current: Connection? = connection
        var reconnections = 0
        // What was taken from the queue and is to be tried one by one, and how much of it was under
        // way when the connection was lost.
        var taken: [RelationWork] = []
        var sentTogether = 0
        while let connection = current, !context.stop.isRequested {
            let runner = LaneRunner(context, over: connection)
            defer {
                // Nothing is held while other lanes are still at work.
                try? connection.rollBackNow()
                feed.yield(.ended(consumed: runner.consumed, plans: runner.plans))
            }
            func report(_ records: [(place: Int, record: Record)]) {
                let sound = context.stop.sound(records)
                context.stop.heed(sound.lazy.map(\.record))
                feed.yield(.records(sound))
            }
            do {
                while context.stop.reason == nil {
                    if taken.isEmpty {
                        taken = queue.next(for: number)
                        if taken.isEmpty { return connection }
                        if taken.count > 1 { try runner.runAhead(&taken, report: report) }
                    }
                    try runner.runTogether(&taken, report: report)
                }
                return connection
            } catch {
                sentTogether = runner.sentTogether
                if context.stop.isRequested {
                    rollBack(connection)
                    return connection
                }
                if case .server(let answer) = error, let work = taken.first {
                    // Not the connection's end, but an answer that no trial is there for.
                    rollBack(connection)
                    feed.yield(.records(Self.failed(work, answer)))
                    taken.removeFirst()
                    continue
                }
                reconnections += 1
                current = reconnections < 2 ? connect() : nil
            }
        }
        if context.stop.isRequested { return current }
        let lost = taken.prefix(max(1, sentTogether))
        let reason =
            lost.count > 1
            ? "the connection was lost in the middle of the trials of \(lost.count) relations that were "
                + "under way together, this one among them"
            : "the connection was lost in the middle of the trial"
        for work in lost {
            feed.yield(.records(Self.failed(work, reason, .connectionLost, nil)))
        }
        queue.giveBack(Array(taken.dropFirst(lost.count)), from: number)
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

    /// What is said of an answer that no trial is there for, such as a cancellation that comes late.
    static func failed(
        _ work: RelationWork,
        _ answer: ServerError
    ) -> [(place: Int, record: Record)] {
        failed(work, answer.message, answer.obstacle ?? .invalidStatement, answer)
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
    private let lanes: Int
    /// How many relations a lane takes at a time.
    private let most: Int

    private struct State {
        var units: ArraySlice<WorkUnit>
        /// What is left of the unit that each lane is at.
        var current: [Int: ArraySlice<RelationWork>] = [:]
        /// How many relations the units hold.
        var count: Int
    }

    init(_ units: [WorkUnit], lanes: Int, most: Int) {
        let count = units.reduce(0) { $0 + $1.relations.count }
        state = Mutex(State(units: units[...], count: count))
        self.lanes = lanes
        self.most = most
    }

    /// The relations that a lane is to try next: many at once, but few towards the end, so that all
    /// lanes end together.
    func next(for lane: Int) -> [RelationWork] {
        state.withLock { state in
            let most = lanes == 1 ? most : max(1, min(most, state.count / (2 * lanes)))
            var next: [RelationWork] = []
            while next.count < most {
                if let work = state.current[lane]?.popFirst() {
                    next.append(work)
                } else if let unit = state.units.popFirst() {
                    state.count -= unit.relations.count
                    state.current[lane] = unit.relations[...]
                } else {
                    break
                }
            }
            return next
        }
    }

    var isEmpty: Bool { state.withLock { $0.units.isEmpty } }

    /// Leaves what a lane that ends has not tried to the others.
    func giveBack(_ taken: [RelationWork], from lane: Int) {
        state.withLock { state in
            let rest = taken + (state.current.removeValue(forKey: lane) ?? [])
            guard !rest.isEmpty else { return }
            state.units = [WorkUnit(relations: rest)] + state.units
            state.count += rest.count
        }
    }
}
