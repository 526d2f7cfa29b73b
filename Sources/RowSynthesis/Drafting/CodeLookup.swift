package import Catalog

/// A row that code which another row sets off looks for.
package struct CodeLookup: Sendable, Hashable {
    /// What a column of the row must be.
    package enum Wish: Sendable, Hashable {
        /// What the row that sets the code off has in a column of its own.
        case column(Int)
        /// What the code looks for.
        case value(RowValue)
        /// What the code will rather not refuse, once it has found the row.
        case preferred(RowValue)
    }

    /// The relation of the row that sets the code off.
    package var by: OID
    /// The relation of the row that is looked for.
    package var relation: OID
    package var columns: [Int: Wish]

    /// The columns of the row that sets the code off.
    var ownColumns: Set<Int> {
        Set(
            columns.values.compactMap { wish in
                if case .column(let number) = wish { number } else { nil }
            }
        )
    }
}
