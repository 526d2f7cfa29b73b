package import Catalog

/// Where a value of a row came from; the part of the row that reports may show.
package enum ValueSource: String, Sendable, Hashable {
    case declared = "pgsmoke.yml"
    case sample = "sample of its type"
    case fresh = "fresh value"
    case existingParent = "existing parent"
    case scaffold = "scaffolded parent"
    case partitionBound = "partition bound"
    case policy = "row-security policy"
    case constant = "constant of a constraint"
    case pattern = "text for a pattern"
    case length = "length that a constraint asks for"
    case json = "JSON of the shape asked for"
    case related = "follows from another column"
    case series = "found in a series"
    case existingRow = "taken from an existing row"
    case rule = "constant of a trigger"
    case sequence = "its sequence"
    case columnDefault = "its default"
    case null = "NULL"
    case unknownType = "no value known for its type"
}

/// A value of a row that is to be inserted.
package struct RowValue: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// Text that the column's own type reads.
        case literal(String)
        /// An expression over pg_catalog alone.
        case expression(String)
        /// What the session has drawn last from a sequence.
        case drawn(from: Relation)
        case null
    }

    package let content: Content
    package let source: ValueSource

    /// Whether only the session knows it that drew it.
    var isDrawn: Bool { if case .drawn = content { true } else { false } }

    package init(_ content: Content, from source: ValueSource) {
        self.content = content
        self.source = source
    }
}
