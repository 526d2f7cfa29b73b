/// Why a run left out cases that it had planned.
package enum CutShort: String, Sendable, Hashable, Codable {
    /// A signal came.
    case interrupted
    /// An expectation failed, and nothing else was to be tried then.
    case failFast = "fail-fast"
    /// The time was over.
    case timeLimit = "time limit"

    /// Why a case was not tried, for a reader.
    package var reason: String {
        switch self {
        case .interrupted: "interrupted"
        case .failFast: "fail-fast: an expectation failed before its turn"
        case .timeLimit: "time limit: the time was over before it was tried"
        }
    }
}
