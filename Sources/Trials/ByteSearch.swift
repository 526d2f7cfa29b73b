extension String {
    /// Whether the text holds another, byte for byte.
    ///
    /// The standard library's `contains` finds texts that look alike, too, and is too slow for every
    /// expression of a large catalog.
    package func holds(_ other: String) -> Bool {
        let other = Array(other.utf8)
        guard let first = other.first else { return true }
        func isFound(in bytes: some RandomAccessCollection<UInt8>) -> Bool {
            var rest = bytes[...]
            while let place = rest.firstIndex(of: first) {
                rest = rest[place...]
                if rest.starts(with: other) { return true }
                rest = rest.dropFirst()
            }
            return false
        }
        return utf8.withContiguousStorageIfAvailable { isFound(in: $0) } ?? isFound(in: Array(utf8))
    }
}
