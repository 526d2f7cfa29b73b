extension Record {
    /// The code that a baseline and the readers of JUnit files sort by; `nil` if nothing is wrong.
    package var type: String? {
        if let problem { return problem.rawValue }
        switch verdict {
        case .passed, .skipped: return nil
        case .failed where trial.expected == .denied: return Problem.unexpectedlyAllowed.rawValue
        case .failed: return "pgsmoke.Failed"
        case .uncovered: return Problem.uncovered.rawValue
        case .inconclusive: return Problem.inconclusive.rawValue
        case .error: return "pgsmoke.Error"
        }
    }

    /// Whether the case fails the run; strictly, what proves nothing does too.
    ///
    /// What a baseline knows does not. An error is another matter: the run could not finish.
    package func fails(strictly isStrict: Bool) -> Bool {
        !isKnown && wouldFail(strictly: isStrict)
    }

    /// Whether the case would fail a run that is held against no baseline.
    package func wouldFail(strictly isStrict: Bool) -> Bool {
        switch verdict {
        case .failed, .uncovered: true
        case .inconclusive, .skipped: isStrict
        case .passed: isStrict && isVacuous
        case .error: false
        }
    }
}
