internal import Catalog

/// A value that a domain's own checks name outright, where it is part of an array or a composite
/// value and has no column of its own.
struct DomainSample {
    let snapshot: Snapshot

    /// A text that the domain accepts, if its checks name one.
    func text(of domain: DataType) -> String? {
        var hints: [Harvest] = []
        var type: DataType? = domain
        while let next = type, case .domain(let base, _) = next.form {
            for check in snapshot.constraints[next.oid] ?? [] where check.kind == .check {
                hints += (check.expression.map(DeparsedText.conjuncts) ?? []).map { Harvest($0) }
            }
            type = snapshot.types[base]
        }
        guard !hints.isEmpty, let type else { return nil }
        for hint in hints where hint.names.isSubset(of: Self.listWords) {
            if let first = hint.constants.first { return first.text }
        }
        let pattern = PatternCandidates(type: type).candidates(from: hints).first { $0.text != "" }
        if let pattern { return pattern.text }
        guard hints.contains(where: { $0.words.contains("=") }) else { return nil }
        return LengthCandidates(snapshot: snapshot, type: type).candidates(from: hints).first?.text
    }

    /// What stands in a check that lists its values.
    private static let listWords: Set<String> = [
        "VALUE", "=", "ANY", "ARRAY", "(", ")", "[", "]", ",",
    ]
}
