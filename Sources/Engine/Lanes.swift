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
        case drawn([OID: Int])
        case note(String)
        case lost
    }

    /// Works through the units; what a lost connection leaves undone has no record.
    func run(
        _ units: [WorkUnit],
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async -> Gathered {
        let (events, feed) = AsyncStream.makeStream(of: Event.self)
        let queue = UnitQueue(units)
        let count = max(1, min(context.options.jobs, units.count))
        let lanes = (0..<count).map { _ in Lane() }
        defer { for lane in lanes { lane.stop() } }
        var gathered = Gathered()
        await withTaskGroup { group in
            group.addTask {
                await withTaskGroup { group in
                    for (number, lane) in lanes.enumerated() {
                        group.addTask(executorPreference: lane) {
                            work(number, queue, feed)
                        }
                    }
                }
                feed.finish()
            }
            var done = 0
            for await event in events {
                switch event {
                case .records(let records):
                    for (place, record) in records { gathered.records[place] = record }
                    done += records.count
                    progress(done)
                case .drawn(let drawn): gathered.add(drawn, in: context.snapshot)
                case .note(let note): gathered.notes.append(note)
                case .lost: gathered.isComplete = false
                }
            }
        }
        return gathered
    }

    /// Takes units until there are none; a connection that is lost is made anew once.
    private func work(_ number: Int, _ queue: UnitQueue, _ feed: AsyncStream<Event>.Continuation) {
        var reconnections = 0
        var interrupted: RelationWork?
        while reconnections < 2, !context.stop.isRequested {
            guard let connection = connect(number, feed) else { break }
            let runner = LaneRunner(context, over: connection)
            defer { feed.yield(.drawn(runner.drawn)) }
            do {
                if let work = interrupted {
                    feed.yield(.records(try runner.run(work)))
                    interrupted = nil
                }
                while !context.stop.isRequested, let work = queue.next(for: number) {
                    interrupted = work
                    feed.yield(.records(try runner.run(work)))
                    interrupted = nil
                }
                return
            } catch {
                if context.stop.isRequested { return }
                reconnections += 1
                if case .server(let answer) = error, let work = interrupted {
                    // Not the connection's end, but an answer that no trial is there for.
                    feed.yield(
                        .records(Self.failed(work, answer.message, .invalidStatement, answer))
                    )
                    interrupted = nil
                    reconnections = 0
                }
            }
        }
        if let interrupted {
            let reason = "the connection was lost in the middle of the trial"
            feed.yield(.records(Self.failed(interrupted, reason, .connectionLost, nil)))
        }
        feed.yield(.lost)
    }

    private func connect(_ number: Int, _ feed: AsyncStream<Event>.Continuation) -> Connection? {
        do {
            let connection = try Connection(to: target)
            context.backends.insert(connection.backendPID)
            context.stop.register(connection.canceller())
            return connection
        } catch {
            if number > 0 {
                feed.yield(
                    .note("worked with fewer connections than asked for: the server gave no more")
                )
            }
            return nil
        }
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

/// The units that wait, in the order of the plan; relations of one unit stay on one lane.
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
}
