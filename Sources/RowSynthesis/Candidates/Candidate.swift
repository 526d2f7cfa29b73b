internal import Catalog

/// A value that a column might take.
struct Candidate: Sendable, Hashable {
    enum Content: Sendable, Hashable {
        /// The column is not named: its default, or NULL.
        case unnamed
        /// Text that the column's type reads.
        case literal(String)
        /// An expression over pg_catalog and the relation's other columns.
        case expression(String, inputs: Set<Int>)
        case null
    }

    let content: Content
    let source: ValueSource
    /// Whether the type certainly reads the text.
    var isSafe = true
}

/// The values that a column might take, the best first.
struct CandidateList: Sendable, Hashable {
    let column: Column
    private(set) var candidates: [Candidate] = []
    /// Whether no other value can ever be stored there.
    var isComplete = false

    init(_ column: Column, _ candidates: [Candidate] = []) {
        self.column = column
        for candidate in candidates { add(candidate) }
    }

    mutating func add(_ candidate: Candidate) {
        guard !candidates.contains(where: { $0.content == candidate.content }) else { return }
        candidates.append(candidate)
    }

    mutating func add(_ others: [Candidate]) {
        for other in others { add(other) }
    }

    mutating func keep(_ isWanted: (Candidate) -> Bool) { candidates.removeAll { !isWanted($0) } }

    /// Leaves the best, and NULL, which stands at the end.
    mutating func limit(to count: Int) {
        guard candidates.count > count, !isComplete, let last = candidates.last else { return }
        candidates = Array(candidates.prefix(count - 1)) + [last]
    }
}
