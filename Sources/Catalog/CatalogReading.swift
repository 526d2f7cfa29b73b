internal import Postgres

/// The number that the server knows an object by within its catalog table.
package typealias OID = UInt32

/// A value that one row of a catalog query fills.
protocol CatalogRow {
    /// The query, for a server of that version (`server_version_num`).
    ///
    /// It runs with a `search_path` of `pg_catalog` alone.
    static func query(on version: Int) -> String

    init(_ rows: borrowing Rows, _ row: Int)
}

extension Rows {
    borrowing func string(_ row: Int, _ column: Int) -> String { text(row, column) ?? "" }

    borrowing func isTrue(_ row: Int, _ column: Int) -> Bool { text(row, column) == "t" }

    borrowing func integer(_ row: Int, _ column: Int) -> Int {
        text(row, column).flatMap { Int($0) } ?? 0
    }

    borrowing func oid(_ row: Int, _ column: Int) -> OID {
        text(row, column).flatMap { OID($0) } ?? 0
    }

    /// Reads numbers separated by spaces, as `int2vector` and `oidvector` are written.
    borrowing func integers(_ row: Int, _ column: Int) -> [Int] {
        string(row, column).split(separator: " ").compactMap { Int($0) }
    }

    /// Reads every row as one value.
    borrowing func values<Value: CatalogRow>(of type: Value.Type = Value.self) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for row in 0..<count { values.append(Value(self, row)) }
        return values
    }
}
