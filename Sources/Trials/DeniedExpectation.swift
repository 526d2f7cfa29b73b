extension Record {
    /// Holds what became of a statement against the expectation that it is denied.
    ///
    /// A denial holds for whatever object it was. What got past all privileges and was stopped by its
    /// data alone (`isStoppedByData`) was not denied; what a trigger's rule or broken code stopped
    /// says nothing.
    package func heldAgainstDenial(isStoppedByData: Bool = false) -> Record {
        guard trial.expected == .denied else { return self }
        var record = self
        switch verdict {
        case .passed:
            record.verdict = .failed
            record.problem = .unexpectedlyAllowed
            record.reason = (reason.map { "\($0); " } ?? "") + "the statement succeeded"
        case .failed where problem?.isDenial ?? false:
            record.verdict = .passed
            record.problem = nil
            record.reason = denialReason
            record.missing = []
            record.suspects = []
            record.cure = []
        case .failed:
            record.verdict = .inconclusive
            record.problem = .inconclusive
        case .inconclusive where isStoppedByData:
            record.verdict = .failed
            record.problem = .unexpectedlyAllowed
            record.reason =
                "no privilege was lacking, only the data stopped the row: \(reason ?? "")"
        case .inconclusive, .error, .skipped, .uncovered: break
        }
        return record
    }

    private var denialReason: String? {
        guard let lacking = missing.first else { return reason }
        let what =
            "\(lacking.displayedPrivilege) on \(lacking.object.kind.rawValue) \(lacking.object.displayed)"
        switch lacking.object.kind {
        case .sequence where lacking.object != trial.object,
            .function where lacking.object != trial.object:
            return "denied by the lack of \(what) alone: the privilege on the table itself is held"
        // What was to be expected needs no word.
        default: return nil
        }
    }
}

extension Problem {
    /// Whether the server refused for want of a right.
    fileprivate var isDenial: Bool {
        switch self {
        case .missingSchemaPrivilege, .missingTablePrivilege, .missingColumnPrivilege,
            .missingSequencePrivilege, .missingFunctionPrivilege, .rowSecurity, .foreignOwner:
            true
        default: false
        }
    }
}
