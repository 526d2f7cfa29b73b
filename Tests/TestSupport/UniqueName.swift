internal import Synchronization

/// Returns the stem with a number that no other name of this process has.
func unique(_ stem: String) -> String {
    "\(stem)_\(counter.add(1, ordering: .relaxed).newValue)"
}

private let counter = Atomic(0)
