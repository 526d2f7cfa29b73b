package import Catalog

/// A row, and the rows that must be there before it.
package struct RowDraft: Sendable, Hashable {
    /// One row of one relation: the columns that an INSERT names, in the relation's order.
    package struct Row: Sendable, Hashable {
        package let relation: Relation
        /// The names of the relation's columns by number.
        let columnNames: [Int: String]
        package var values: [Int: RowValue]
        /// The columns that an UPDATE of the row leaves as they are, since code refuses to change them.
        package var spared: Set<Int> = []
        /// The columns that an UPDATE of the row makes greater by one, since code asks for it.
        package var raised: Set<Int> = []

        /// Takes no account of what code asked of an UPDATE of another row.
        package mutating func forgetCode() {
            spared = []
            raised = []
        }

        init(_ relation: Relation, in snapshot: Snapshot, values: [Int: RowValue] = [:]) {
            self.relation = relation
            columnNames = Dictionary(
                (snapshot.columns[relation.oid] ?? []).map { ($0.number, $0.name) }
            ) { first, _ in first }
            self.values = values
        }
    }

    package var row: Row
    /// The row as the table beneath the view sees it, if the row is made for that.
    package var baseRow: Row?
    /// The rows to put in place besides, each before the rows that refer to it.
    package var scaffold: [Row] = []
    /// Rows of the scaffold that refer to each other and go in with one statement, at whose end
    /// the server checks their keys.
    package var rings: [Range<Int>] = []
    /// Rows of the scaffold that refer to the tried row, and so are put in place after it.
    package var following: Set<Int> = []
    /// Columns that pick the row of the tried relation which the scaffold's triggers have made, to
    /// be taken away again: the row under trial takes its place.
    package var cleared: Set<Int> = []
    /// The row that is taken away first, since the table is full.
    package var vacancy: ExistingRow?
    /// Whether the row gives way to those that are there, since the table is full.
    package var ignoresConflicts = false
    /// Whether the scaffold holds a cycle of keys that only deferral can bridge.
    package var defersConstraints = false
    /// Whether the scaffold goes in with user triggers and keys switched off.
    package var needsReplicaMode = false
    /// Whether temporary tables that code has made for rows put in place go before the role's turn.
    package var discardsTemporaryTables = false

    /// The row whose constraints count: that of the table beneath the view, if it is made for that.
    var suitedRow: Row { baseRow ?? row }

    /// The numbers of the columns that the INSERT names.
    package var named: Set<Int> { Set(row.values.keys) }

    /// Leaves the row alone: nothing is put in place for it, and nothing taken away.
    package mutating func removeOtherRows() {
        scaffold = []
        rings = []
        following = []
        cleared = []
        vacancy = nil
        ignoresConflicts = false
    }

    /// The steps of the scaffold that come before the tried row.
    package var leadingSteps: [Range<Int>] {
        scaffoldSteps.filter { following.isDisjoint(with: $0) }
    }

    /// The steps of the scaffold that come after the tried row.
    package var followingSteps: [Range<Int>] {
        scaffoldSteps.filter { !following.isDisjoint(with: $0) }
    }

    /// The rows of the scaffold, those of a ring together.
    package var scaffoldSteps: [Range<Int>] {
        var steps: [Range<Int>] = []
        var index = 0
        while index < scaffold.count {
            let ring = rings.filter { $0.contains(index) }.max { $0.count < $1.count }
            let step = ring.map { index..<max($0.upperBound, index + 1) } ?? index..<(index + 1)
            steps.append(step)
            index = step.upperBound
        }
        return steps
    }
}
