import Engine
import Glibc
import Postgres

/// How long to wait for a server that does not take connections yet.
struct Patience: Sendable {
    let seconds: Int

    static let none = Patience(seconds: 0)

    /// Returns as much patience as the time for the whole run allows.
    func limited(to seconds: Double?) -> Patience {
        Patience(seconds: min(self.seconds, seconds.map { Int($0.rounded(.up)) } ?? .max))
    }

    /// Connects as soon as the server takes connections.
    ///
    /// - Throws: the last attempt's error once the time is over, or at once if waiting cannot cure it.
    func connect(
        to target: ConnectionTarget,
        _ voice: Voice,
        _ stop: StopSignal
    ) throws(PostgresError) -> Connection {
        guard seconds > 0 else { return try Connection(to: target) }
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(seconds)
        var target = target
        var isAnnounced = false
        while true {
            let rest = deadline - clock.now
            target.attemptSeconds = Int(min(10, max(2, rest.components.seconds)))
            let wasUp: Bool
            do {
                return try Connection(to: target)
            } catch {
                guard case .connectionFailed = error else { throw error }
                guard clock.now < deadline, !stop.isRequested else { throw error }
                wasUp = target.isServerUp()
            }
            // It may have come up in between: the next answer of one that is up counts.
            if wasUp { return try Connection(to: target) }
            if !isAnnounced { voice.say("waiting for the server, at most \(seconds) s") }
            isAnnounced = true
            usleep(250_000)
        }
    }
}
