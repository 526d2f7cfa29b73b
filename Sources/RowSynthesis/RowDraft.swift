package import Catalog

/// Where a value of a row came from; the row that reports may show.
package enum ValueSource: String, Sendable, Hashable {
    case sample = "sample of its type"
    case fresh = "fresh value"
    case existingParent = "existing parent"
    case scaffold = "scaffolded parent"
    case partitionBound = "partition bound"
    case policy = "row-security policy"
    case declared = "pgsmoke.yml"
    case unknownType = "no value known for its type"
}

/// A value of a row that is to be inserted.
package struct RowValue: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// Text that the column's own type reads.
        case literal(String)
        /// An expression over pg_catalog alone.
        case expression(String)
        case null
    }

    package let content: Content
    package let source: ValueSource

    package init(_ content: Content, from source: ValueSource) {
        self.content = content
        self.source = source
    }
}

/// A row, and the rows that must be there before it.
package struct RowDraft: Sendable, Hashable {
    /// One row of one relation: the columns that an INSERT names, in the relation's order.
    package struct Row: Sendable, Hashable {
        package let relation: Relation
        /// The names of the relation's columns by number.
        let columnNames: [Int: String]
        package var values: [Int: RowValue]

        init(_ relation: Relation, in snapshot: Snapshot, values: [Int: RowValue] = [:]) {
            self.relation = relation
            columnNames = Dictionary(
                (snapshot.columns[relation.oid] ?? []).map { ($0.number, $0.name) }
            ) { first, _ in first }
            self.values = values
        }
    }

    package var row: Row
    /// The parents to put in place, each before the rows that refer to it.
    package var scaffold: [Row] = []
    /// Whether the scaffold holds a cycle of keys that only deferral can bridge.
    package var defersConstraints = false
    /// Whether the scaffold can only be put in place with user triggers and keys switched off.
    package var needsReplicaMode = false

    /// The numbers of the columns that the INSERT names.
    package var named: Set<Int> { Set(row.values.keys) }
}

/// What earlier attempts have taught about the row of one relation.
package struct RowKnowledge: Sendable, Hashable {
    /// Columns that must be named although they may be NULL or have a default.
    package var forced: Set<Int> = []
    /// Foreign keys whose parent must be made, since none that is there will do.
    package var scaffoldedKeys: Set<OID> = []
    /// Values that the server helped to find.
    package var values: [Int: RowValue] = [:]
    /// Values of scaffold rows that the server helped to find, by relation.
    package var parentValues: [OID: [Int: RowValue]] = [:]
    /// Whether the trial goes without its scaffold, which could not be put in place.
    package var goesWithoutScaffold = false
    /// Counts up when fresh values turned out to be taken.
    package var round = 0
    /// Whether scaffolds go in with user triggers and keys switched off.
    package var usesReplicaMode = false
    /// Remedies that are worth one try only.
    var tried: Set<String> = []

    package init() {}
}
