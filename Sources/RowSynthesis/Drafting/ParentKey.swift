package import Catalog

/// The columns by which children refer to a parent.
package struct ParentKey: Sendable, Hashable {
    package let relation: OID
    package let columns: [Int]

    package init(relation: OID, columns: [Int]) {
        self.relation = relation
        self.columns = columns
    }
}

/// The keys of parents that are there already, one for each way to refer to them.
package struct ExistingParents: Sendable, Hashable {
    /// The key's values as text, in the order of its columns.
    package var values: [ParentKey: [String]]

    package init(values: [ParentKey: [String]] = [:]) { self.values = values }

    package static let none = ExistingParents()
}
