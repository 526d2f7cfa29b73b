internal import Catalog

/// Arrays of the constants that constraints name, and of samples of their elements' type.
struct ArrayCandidates {
    let snapshot: Snapshot
    let type: DataType

    func candidates(from hints: [Harvest]) -> [Candidate] {
        guard case .array(let declared) = type.form, let element = snapshot.baseType(of: declared)
        else {
            return []
        }
        // A domain may refuse what its type reads.
        let isPlain = declared == element.oid
        let named = distinct(
            ConstantCandidates(snapshot: snapshot, type: element).candidates(from: hints)
        )
        let samples = distinct(
            TypeCandidates(snapshot: snapshot, type: element, modifier: -1).candidates
        )
        var arrays = named.prefix(12).map { [$0] }
        if named.count > 1 { arrays += [named, Array(named.prefix(2))] }
        for count in 1...3 {
            arrays.append(Array(samples.prefix(count)))
            arrays += named.prefix(4).map { [$0] + samples.prefix(count) }
        }
        arrays += sized(named, LengthCandidates.lengths(in: hints))
        return arrays.filter { !$0.isEmpty }.map { elements in
            let texts = elements.compactMap(\.text).map(TypeSample.nested).joined(separator: ",")
            return Candidate(
                content: .literal("{\(texts)}"),
                source: named.isEmpty ? .sample : .constant,
                isSafe: isPlain && elements.allSatisfy(\.isSafe)
            )
        }
    }

    /// Arrays of the lengths that are asked for: with a named element, and after a number those that
    /// follow it, so that they rise.
    private func sized(_ named: [Candidate], _ lengths: [Int]) -> [[Candidate]] {
        var arrays: [[Candidate]] = []
        for length in lengths.prefix(6) where (2...16).contains(length) {
            for first in named.prefix(3) {
                if let number = first.text.flatMap({ Int($0) }) {
                    arrays.append(
                        (0..<length).map { place in
                            Candidate(
                                content: .literal(String(number &+ place)),
                                source: .constant,
                                isSafe: first.isSafe
                            )
                        }
                    )
                } else {
                    arrays.append((0..<length).map { named[$0 % named.count] })
                    arrays.append(Array(repeating: first, count: length))
                }
            }
        }
        return arrays
    }

    private func distinct(_ candidates: [Candidate]) -> [Candidate] {
        var seen: Set<String> = []
        return candidates.filter { $0.text.map { seen.insert($0).inserted } ?? false }
    }
}
