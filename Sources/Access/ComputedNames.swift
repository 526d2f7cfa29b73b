internal import Catalog
internal import Postgres

extension AccessMap {
    /// Whether a function has put the name of what is not there together from values of the row, as
    /// those do that choose a table by a date: another row may find what the one that was made does not.
    ///
    /// Of such a name a part stands neither in the code nor in the names of the relation.
    func isNamedByRow(_ error: ServerError, in attempt: StatementAttempt) -> Bool {
        guard let query = error.internalQuery else { return false }
        let routines = code(around: error, in: attempt).routines
        let code = Words(bodies(calledFrom: routines).joined(separator: "\n"))
        guard code.contain("execute"), code.contain("new") || code.contain("old") else {
            return false
        }
        let own = layers(of: attempt).flatMap { [$0.relation.name, $0.relation.schema] }
        let known = code.pieces.union(own.flatMap(\.pieces))
        return Words(query).outsideLiterals.contains { name in
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
}
