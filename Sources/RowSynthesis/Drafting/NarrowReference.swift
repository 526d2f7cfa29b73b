internal import Catalog

extension Snapshot {
    /// Finds, for each column that foreign keys refer to, the referring column with the least room.
    ///
    /// An `integer` may refer to a `bigint`, a `varchar(8)` to a `text`: a key that a scaffold makes
    /// must fit both.
    func narrowestReferences() -> [Reach.Place: Column] {
        var narrowest: [Reach.Place: Column] = [:]
        for key in constraints.values.joined() where key.kind == .foreignKey {
            for (child, parent) in zip(key.columns, key.referencedColumns) {
                guard let child = column(child, of: key.relation),
                    let parent = column(parent, of: key.referencedRelation)
                else { continue }
                let place = Reach.Place(relation: parent.relation, column: parent.number)
                let known = narrowest[place] ?? parent
                guard let room = room(in: child), room < self.room(in: known) ?? .max else {
                    continue
                }
                narrowest[place] = child
            }
        }
        return narrowest
    }

    /// How much a column holds: bytes of an integer, characters of a string; `nil` without bound.
    private func room(in column: Column) -> Int? {
        switch types[column.type]?.name {
        case "int2": 2
        case "int4": 4
        case "int8": 8
        case "varchar" where column.typeModifier >= 4, "bpchar" where column.typeModifier >= 4:
            column.typeModifier - 4
        default: nil
        }
    }
}
