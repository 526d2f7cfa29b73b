internal import CLibPQ

/// The rows that a statement returned, read in place.
@safe package struct Rows: ~Copyable {
    private let raw: OpaquePointer

    /// Takes over a result that holds rows or a command's completion.
    init(adopting raw: OpaquePointer) { unsafe self.raw = unsafe raw }

    deinit { unsafe PQclear(raw) }

    package var count: Int { Int(unsafe PQntuples(raw)) }

    package var columnCount: Int { Int(unsafe PQnfields(raw)) }

    /// Returns the value's text, or `nil` for NULL.
    package borrowing func text(_ row: Int, _ column: Int) -> String? {
        guard unsafe PQgetisnull(raw, CInt(row), CInt(column)) == 0 else { return nil }
        return unsafe String(cString: PQgetvalue(raw, CInt(row), CInt(column)))
    }

    /// How many rows an INSERT, UPDATE, DELETE or SELECT affected; `nil` for other commands.
    package var affected: Int? { unsafe Int(String(cString: PQcmdTuples(raw))) }
}
