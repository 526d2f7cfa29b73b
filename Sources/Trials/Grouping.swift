extension Sequence {
    /// Returns the elements by key, keys and elements in the order of their first appearance.
    package func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(
        key: Key, members: [Element]
    )] {
        var places: [Key: Int] = [:]
        var groups: [(key: Key, members: [Element])] = []
        for element in self {
            let key = key(element)
            if let place = places[key] {
                groups[place].members.append(element)
            } else {
                places[key] = groups.count
                groups.append((key, [element]))
            }
        }
        return groups
    }
}
