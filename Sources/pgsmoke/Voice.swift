import Glibc
import Reports
import Synchronization

/// How a run tells on stderr what it is doing.
enum Voice: Sendable {
    case silent
    /// A line now and then.
    case lines
    /// A bar that is drawn over and over.
    case bar(width: Int)

    static func of(_ environment: [String: String]) -> Voice {
        let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        return isTerminal && !Console.isPipeline(environment)
            ? .bar(width: Console.width - 1) : .lines
    }

    func say(_ text: String) {
        if case .silent = self { return }
        Console.complain("pgsmoke: \(text)")
    }
}

/// The run's progress on stderr.
final class ProgressDisplay: Sendable {
    private let voice: Voice
    private let total: Int
    private let shown = Mutex<ContinuousClock.Instant>(.now)

    init(_ voice: Voice, total: Int) {
        self.voice = voice
        self.total = total
    }

    func show(_ done: Int) {
        let pause: Duration
        switch voice {
        case .silent: return
        case .bar: pause = .milliseconds(100)
        case .lines: pause = .seconds(10)
        }
        let isDue = shown.withLock { shown in
            guard ContinuousClock.now - shown >= pause else { return false }
            shown = .now
            return true
        }
        guard isDue else { return }
        if case .bar(let width) = voice {
            let line = ProgressBar(done: done, total: total, current: "").line(width: width)
            Console.draw("\r\(line)")
        } else {
            voice.say("\(done) of \(total)")
        }
    }

    /// Takes the bar away.
    func clear() {
        guard case .bar = voice else { return }
        Console.draw("\r\u{1B}[K")
    }
}
