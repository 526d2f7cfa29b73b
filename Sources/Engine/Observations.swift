internal import Catalog
internal import Postgres

/// What the server told in the course of a script.
struct Observations {
    /// The fewest rows that a statement of each trial affected or returned.
    var affected: [Int: Int] = [:]
    /// The fewest rows that the statements which put a trial's own row in place affected.
    var placed: [Int: Int] = [:]
    /// The role that each trial put on.
    var switched: [Int: String] = [:]
    /// The roles that were at work when the trial's code had run.
    var users: [Int: Set<String>] = [:]
    /// The unshielded sequences that the transaction had drawn from by then.
    var drawn: [Int: Set<OID>] = [:]
    /// Those that it had drawn from before its first trial, for each transaction.
    var prepared: [Set<OID>] = []

    init(_ answer: TrialScript.Answer) {
        for (purpose, count, row) in answer.succeeded {
            switch purpose {
            case .role(let index): switched[index] = row.last ?? ""
            case .statement(let index):
                affected[index] = min(affected[index] ?? .max, count ?? 0)
            case .ownRow(let index):
                if let count { placed[index] = min(placed[index] ?? .max, count) }
            case .identity(let index):
                users[index, default: []].insert((row.first ?? nil) ?? "")
                drawn[index] = Self.sequences(row)
            case .preparation: prepared.append(Self.sequences(row))
            default: break
            }
        }
    }

    private static func sequences(_ row: [String?]) -> Set<OID> {
        Set(((row.last ?? nil) ?? "").split(separator: " ").compactMap { OID($0) })
    }
}
