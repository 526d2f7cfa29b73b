/// How grave a finding of `lint` is.
package enum Severity: String, Sendable, Hashable, Codable, Comparable {
    /// Worth a look; often as it should be.
    case notice
    /// Wider than an application needs, or likely to break.
    case warning
    /// Breaks statements, or opens what was meant to be closed.
    case error

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .notice: 0
        case .warning: 1
        case .error: 2
        }
    }
}

/// What a rule of `lint` has to say about one object.
package struct Finding: Sendable, Hashable {
    /// The rule's code, the same in every version.
    package var code: String
    package var severity: Severity
    package var object: ObjectName
    /// One sentence that names who holds what, or what will break.
    package var reason: String
    /// The statements that mend it; where they depend on what was meant, there are none.
    package var mending: [Cure]

    package init(
        code: String,
        severity: Severity,
        object: ObjectName,
        reason: String,
        mending: [Cure] = []
    ) {
        self.code = code
        self.severity = severity
        self.object = object
        self.reason = reason
        self.mending = mending
    }

    /// The finding as a case of a run: an error fails it, all else is left to a person's judgement.
    package var record: Record {
        Record(
            trial: Trial(role: "", operation: .lint, object: object, rule: code),
            verdict: severity == .error ? .failed : .inconclusive,
            reason: reason,
            problem: .lint,
            decidedBy: .catalog,
            cure: mending
        )
    }
}
