/// The known name that a mistyped one comes closest to.
package enum NearestName {
    /// Returns a name at most a third of its length away (Levenshtein distance, where two letters
    /// that changed places count as one mistake), if there is one.
    package static func of(_ name: String, among known: [String]) -> String? {
        // Nothing that anybody has mistyped is longer than twice a name of the server's.
        guard name.utf8.count <= 256 else { return nil }
        let name = name.lowercased()
        return
            known
            .map { (name: $0, distance: distance(name, $0.lowercased())) }
            .filter { $0.distance <= max(1, $0.name.count / 3) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
            .name
    }

    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for (index, character) in left.enumerated() {
            var row = [index + 1]
            for column in right.indices {
                let change = rows[index][column] + (right[column] == character ? 0 : 1)
                var best = min(change, rows[index][column + 1] + 1, row[column] + 1)
                if index > 0, column > 0, character == right[column - 1],
                    left[index - 1] == right[column]
                {
                    best = min(best, rows[index - 1][column - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
