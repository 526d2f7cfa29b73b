import Glibc
import Synchronization

/// SIGINT and SIGTERM, turned into calls on a thread of their own.
final class Signals: Sendable {
    /// The process has one.
    static let shared = Signals()

    private let state = Mutex<(received: Int32?, handlers: [@Sendable (Int32) -> Void])>((nil, []))

    /// Keeps both signals from ending the process; from now on the handlers hear the first.
    ///
    /// A second one ends the process at once: the server then rolls back what is open.
    private init() {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        writingEnd.store(ends[1], ordering: .releasing)
        let listener = Listener(signals: self, readingEnd: ends[0])
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { listener in
                if let listener {
                    Unmanaged<Listener>.fromOpaque(listener).takeRetainedValue().listen()
                }
                return nil
            },
            Unmanaged.passRetained(listener).toOpaque()
        )
        pthread_detach(thread)
        for number in [SIGINT, SIGTERM] {
            let previous = signal(number, forward)
            // What the parent had ignored, as nohup does, stays ignored.
            if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
    }

    /// The first signal that came.
    var received: Int32? { state.withLock { $0.received } }

    /// Adds to what the first signal does; at once if it has come already.
    func handle(_ handler: @escaping @Sendable (Int32) -> Void) {
        let received = state.withLock { state in
            state.handlers.append(handler)
            return state.received
        }
        if let received { handler(received) }
    }

    fileprivate func receive(_ number: Int32) {
        let (isFirst, handlers) = state.withLock { state in
            let isFirst = state.received == nil
            if isFirst { state.received = number }
            return (isFirst, state.handlers)
        }
        if !isFirst { _exit(128 + number) }
        for handler in handlers { handler(number) }
    }
}

/// The thread's end of the pipe that signals come through.
private final class Listener: Sendable {
    private let signals: Signals
    private let readingEnd: CInt

    init(signals: Signals, readingEnd: CInt) {
        self.signals = signals
        self.readingEnd = readingEnd
    }

    func listen() {
        var byte: UInt8 = 0
        while true {
            let count = read(readingEnd, &byte, 1)
            if count == 1 { signals.receive(Int32(byte)) }
            if count == 0 { return }
        }
    }
}

private let writingEnd = Atomic<CInt>(-1)

/// Writes the signal's number into the pipe, which is all that a handler may safely do
/// (signal-safety(7)).
private let forward: @convention(c) (CInt) -> Void = { number in
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(writingEnd.load(ordering: .acquiring), &byte, 1)
    errno = saved
}
