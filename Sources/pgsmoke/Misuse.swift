import Catalog
import Settings
import Trials

/// What the user asked for and cannot have, in one sentence with the cure.
struct Misuse: Error {
    let message: String

    init(message: String) { self.message = message }

    init(_ error: SelectionError) {
        message =
            switch error {
            case .matchesNothing(let option, let pattern):
                "\(option) \(Self.shown(pattern)) matches nothing in this database; names outside double "
                    + "quotes are folded to lower case, * and ? are wildcards"
            case .tooManyDots(let option, let pattern):
                "\(option) \(Self.shown(pattern)) has too many dots; write schema.table, with double "
                    + "quotes around a name that holds a dot"
            case .unreadable(let option, let pattern):
                "\(option) \(Self.shown(pattern)) is not a pattern that the server can read; put "
                    + "double quotes around names with special characters"
            }
    }

    init(_ error: UnknownRole) {
        let nearest = NearestName.of(error.name, among: error.known.filter { !$0.hasPrefix("pg_") })
        let hint =
            nearest.map { "; did you mean \(Self.shown($0))?" } ?? "; \\du in psql lists the roles"
        message = "--role \(Self.shown(error.name)) is no role of this server\(hint)"
    }

    private static func shown(_ text: String) -> String { "'\(PrintableText.line(text))'" }
}

/// The known name that a mistyped one comes closest to.
enum NearestName {
    /// Returns a name at most a third of its length away (Levenshtein distance), if there is one.
    static func of(_ name: String, among known: [String]) -> String? {
        let name = name.lowercased()
        return
            known
            .map { (name: $0, distance: distance(name, $0.lowercased())) }
            .filter { $0.distance <= max(1, $0.name.count / 3) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?
            .name
    }

    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let change = diagonal + (right[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
