internal import CLibPQ

/// Interrupts the statement that a connection is running (PostgreSQL manual, 34.7, PQcancel).
@safe package final class Canceller: Sendable {
    private nonisolated(unsafe) let raw: OpaquePointer?

    init(adopting raw: OpaquePointer?) { unsafe self.raw = raw }

    deinit { unsafe PQfreeCancel(raw) }

    /// Asks the server to stop; returns whether the request was delivered.
    @discardableResult
    package func cancel() -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            unsafe PQcancel(raw, buffer.baseAddress, 256) == 1
        }
    }
}
