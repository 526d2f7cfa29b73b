internal import Catalog
internal import Postgres

extension AccessMap {
    /// Whether a function has put the name of a relation that is not there together from values of the
    /// row, as those do that choose a table by a date: another row may find what the one that was made
    /// does not.
    ///
    /// Of such a name a part stands neither in the code nor in the names of the relation, and what was
    /// executed is made from NEW or OLD.
    func isNamedByRow(_ error: ServerError, in attempt: StatementAttempt) -> Bool {
        guard [.undefinedTable, .invalidSchemaName].contains(error.sqlState),
            let query = error.internalQuery
        else { return false }
        let sources = bodies(calledFrom: code(around: error, in: attempt).routines)
        guard sources.contains(where: \.executesWhatRowsSay) else { return false }
        let code = Words(sources.joined(separator: "\n"))
        let own = layers(of: attempt).flatMap { [$0.relation.name, $0.relation.schema] }
        // What TG_OP says is no value of the row.
        let known = code.pieces.union(own.flatMap(\.pieces)).union(["insert", "update", "delete"])
        return Words(query).relationNames.contains { name in
            !code.contain(name)
                && name.pieces.contains { piece in
                    !known.contains(piece)
                        && !own.contains { known.contains(piece.without(prefix: $0.lowercased())) }
                }
        }
    }
}

extension String {
    /// The letters and digits that stand together, in lower case.
    var pieces: [String] {
        lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    fileprivate func without(prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }

    /// Whether a function's body executes a statement whose text it makes from NEW or OLD, itself or by
    /// way of variables, and not from the arguments of its trigger.
    fileprivate var executesWhatRowsSay: Bool {
        var told: Set<String> = ["new", "old"]
        let statements = split(separator: ";").map { Words(String($0).lowercased()).words }
        // A variable may be set behind the place where it is used, in a loop.
        for words in statements + statements where !told.isDisjoint(with: words) {
            for (place, word) in words.enumerated() {
                if word == ":", place > 0, place + 1 < words.count, words[place + 1] == "=" {
                    told.insert(words[place - 1])
                    // A declaration has its type between.
                    if let first = words.first(where: { !["declare", "begin"].contains($0) }) {
                        told.insert(first)
                    }
                } else if word == "into", place + 1 < words.count, words.first != "insert" {
                    told.insert(words[place + 1])
                }
            }
        }
        // Types and keywords that stand where a variable may.
        told.subtract(["text", "name", "varchar", "regclass", "char", "if", "for", "execute"])
        return statements.contains { words in
            guard let start = words.firstIndex(of: "execute") else { return false }
            let text = words[start...].prefix { $0 != "using" }
            return !told.isDisjoint(with: text) && !text.contains("tg_argv")
        }
    }
}
