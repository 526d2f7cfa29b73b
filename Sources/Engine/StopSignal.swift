package import Postgres
internal import Synchronization
package import Trials

/// The wish to end a run early, heard by all lanes.
package final class StopSignal: Sendable {
    private let state = Mutex(State())
    private let endsWith: (@Sendable (Record) -> Bool)?

    private struct State {
        var reason: CutShort?
        var isRequested = false
        var cancellers: [Canceller] = []
    }

    /// Makes a signal that begins no more trials after a record of which the condition holds.
    package init(after endsWith: (@Sendable (Record) -> Bool)? = nil) {
        self.endsWith = endsWith
    }

    /// Whether a record may end the run, so that no trial is to begin before all earlier ones have
    /// theirs.
    var waitsForRecords: Bool { endsWith != nil }

    /// Whether everything is to end at once.
    package var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Why no more trials are to begin; `nil` if they may.
    package var reason: CutShort? { state.withLock { $0.reason } }

    /// Interrupts what the lanes are doing and lets them end.
    ///
    /// A lane may be between two statements at that moment, so this may be done again.
    package func request(because reason: CutShort = .interrupted) {
        let cancellers = state.withLock { state in
            state.reason = state.reason ?? reason
            state.isRequested = true
            return state.cancellers
        }
        for canceller in cancellers { canceller.cancel() }
    }

    /// Takes what interrupts another connection; at once if everything is to end by now.
    package func register(_ canceller: Canceller) {
        let isRequested = state.withLock { state in
            state.cancellers.append(canceller)
            return state.isRequested
        }
        if isRequested { canceller.cancel() }
    }

    /// Lets no more trials begin if one of the records is such that nothing is to come after it.
    func heed(_ records: some Sequence<Record>) {
        guard let endsWith, reason == nil, records.contains(where: endsWith) else { return }
        state.withLock { $0.reason = $0.reason ?? .failFast }
    }

    /// Returns the records that can be trusted: what is concluded from an error while everything is
    /// being interrupted may be the interruption's doing.
    func sound(
        _ records: [(place: Int, record: Record)]
    ) -> [(place: Int, record: Record)] {
        guard isRequested else { return records }
        return records.filter { ![.inconclusive, .error].contains($0.record.verdict) }
    }
}
