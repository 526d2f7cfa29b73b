import Glibc
import Synchronization

/// SIGINT and SIGTERM, heard by a thread of their own.
final class Signals: Sendable {
    /// The process has one.
    static let shared = Signals()

    private let state = Mutex<(received: Int32?, handler: (@Sendable (Int32) -> Void)?)>((nil, nil))

    /// Keeps both signals from ending the process; from now on `handler` hears the first.
    ///
    /// A second one ends the process at once: the server then rolls back what is open.
    private init() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        var thread = pthread_t()
        let listener = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread,
            nil,
            { listener in
                if let listener {
                    Unmanaged<Signals>.fromOpaque(listener).takeRetainedValue().listen()
                }
                return nil
            },
            listener
        )
        pthread_detach(thread)
    }

    /// The first signal that came.
    var received: Int32? { state.withLock { $0.received } }

    /// Says what the first signal does, at once if it has come already.
    func handle(_ handler: @escaping @Sendable (Int32) -> Void) {
        let received = state.withLock { state in
            state.handler = handler
            return state.received
        }
        if let received { handler(received) }
    }

    private func listen() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        while true {
            var number: CInt = 0
            guard sigwait(&set, &number) == 0 else { continue }
            let (isFirst, handler) = state.withLock { state in
                let isFirst = state.received == nil
                if isFirst { state.received = number }
                return (isFirst, state.handler)
            }
            if !isFirst { _exit(128 + number) }
            handler?(number)
        }
    }
}
