internal import CLibPQ

/// An open connection to a PostgreSQL server; it is closed with the last reference.
///
/// All calls block the calling thread, so a connection belongs on a lane, not on the cooperative
/// thread pool.
@safe package final class Connection {
    private let raw: OpaquePointer
    /// What becomes of an open transaction.
    private var ending = Ending.own

    /// Who ends an open transaction.
    private enum Ending {
        /// A statement of its own.
        case own
        /// What is sent next begins with it.
        case withNext
        /// Its result comes before those of what was sent.
        case sent
    }

    /// Connects as `target` says, blocking until the server has answered.
    ///
    /// - Throws: `invalidConnectionString`, `connectionFailed` or `outOfMemory`.
    package init(to target: ConnectionTarget) throws(PostgresError) {
        try target.validate()
        let raw = unsafe target.withParameters { names, values in
            unsafe PQconnectdbParams(names, values, 1)
        }
        guard let raw = unsafe raw else { throw .outOfMemory }
        guard unsafe PQstatus(raw) == CONNECTION_OK else {
            let reason = unsafe message(of: raw)
            let needsPassword = unsafe PQconnectionNeedsPassword(raw) == 1
            unsafe PQfinish(raw)
            throw .connectionFailed(reason, needsPassword: needsPassword)
        }
        // What RAISE NOTICE says in triggers is not ours to print.
        unsafe PQsetNoticeProcessor(raw, { _, _ in }, nil)
        // Such a database holds bytes in any encoding; as UTF-8 the server would refuse to send them.
        if let encoding = unsafe PQparameterStatus(raw, "server_encoding"),
            unsafe String(cString: encoding) == "SQL_ASCII"
        {
            unsafe PQsetClientEncoding(raw, "SQL_ASCII")
        }
        unsafe self.raw = raw
    }

    deinit { unsafe PQfinish(raw) }

    /// The process that serves this connection, as `pg_locks` and `pg_stat_activity` know it.
    package var backendPID: Int32 { unsafe PQbackendPID(raw) }

    /// The server's version as `server_version_num` gives it, 150004 for 15.4.
    package var serverVersion: Int { Int(unsafe PQserverVersion(raw)) }

    /// Whether the server still waits for the end of a transaction, failed or not.
    package var isInTransaction: Bool {
        if case .withNext = ending { return false }
        return switch unsafe PQtransactionStatus(raw) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
        default: false
        }
    }

    /// Whether the server is known to be gone.
    package var isLost: Bool { unsafe PQstatus(raw) == CONNECTION_BAD }

    /// Whether the server still answers, in one round trip.
    package var answers: Bool { (try? execute("SELECT")) != nil }

    /// Whether results of what was sent are still to be asked for.
    package var isWaiting: Bool { unsafe PQtransactionStatus(raw) == PQTRANS_ACTIVE }

    /// Whether the open transaction has failed and takes nothing but its end.
    package var hasFailedTransaction: Bool {
        if case .withNext = ending { return false }
        return unsafe PQtransactionStatus(raw) == PQTRANS_INERROR
    }

    /// Lets what is sent next begin with the end of the transaction that is open, which saves a round
    /// trip; its locks are held until then.
    package func rollBackWithNext() {
        if isInTransaction { ending = .withNext }
    }

    /// Ends a transaction at once whose end was left to what is sent next.
    ///
    /// - Throws: `connectionLost`.
    package func rollBackNow() throws(PostgresError) {
        guard case .withNext = ending else { return }
        ending = .own
        try execute("ROLLBACK")
    }

    /// Returns a token that can interrupt this connection from another thread.
    package func canceller() -> Canceller {
        unsafe Canceller(adopting: PQgetCancel(raw))
    }

    /// Runs one statement and returns its rows.
    ///
    /// - Throws: `server` if the statement failed, `connectionLost`.
    @discardableResult
    package func execute(_ sql: String) throws(PostgresError) -> [[String?]] {
        var values: [[String?]] = []
        try query([sql]) { _, rows in
            values = (0..<rows.count).map { row in
                (0..<rows.columnCount).map { rows.text(row, $0) }
            }
        }
        return values
    }

    /// Sends the statements as one string and returns one result each, in one round trip.
    ///
    /// The server skips what follows a statement that failed, so the last result, and only the
    /// last, can be a failure. Each element must be exactly one statement. `copied` holds the data
    /// of those that are a COPY … FROM STDIN, by their place.
    /// - Throws: `connectionLost`.
    package func exchange(
        _ statements: [String],
        copying copied: [Int: String] = [:]
    ) throws(PostgresError) -> [StatementResult] {
        try send(statements)
        return try results(copying: copied)
    }

    /// Sends the statements as one string and leaves the results to `results`, which must be asked
    /// for before anything else is sent.
    ///
    /// - Throws: `connectionLost`.
    package func send(_ statements: [String]) throws(PostgresError) {
        try send(statements.joined(separator: ";\n"))
    }

    /// Waits for the results of what was sent last, as `exchange` returns them.
    ///
    /// - Throws: `connectionLost`.
    package func results(
        copying copied: [Int: String] = [:]
    ) throws(PostgresError) -> [StatementResult] {
        var results: [StatementResult] = []
        while let result = unsafe nextResult() {
            if unsafe PQresultStatus(result) == PGRES_COPY_IN {
                unsafe PQclear(result)
                try copy(copied[results.count] ?? "")
                continue
            }
            do throws(PostgresError) {
                let rows = try unsafe checked(result)
                let firstRow =
                    rows.count == 0 ? [] : (0..<rows.columnCount).map { rows.text(0, $0) }
                results.append(.succeeded(affected: rows.affected, firstRow: firstRow))
            } catch {
                guard case .server(let serverError) = error, !isLost else { throw error }
                results.append(.failed(serverError))
            }
        }
        return results
    }

    /// Sends the queries as one string and hands each one's rows to `read`, in order.
    ///
    /// - Throws: `server` with the first failure, `connectionLost`.
    package func query(
        _ queries: [String],
        read: (_ index: Int, _ rows: borrowing Rows) -> Void
    ) throws(PostgresError) {
        try send(queries.joined(separator: ";\n"))
        var index = 0
        var failure: PostgresError?
        while let result = unsafe nextResult() {
            do throws(PostgresError) { read(index, try unsafe checked(result)) } catch {
                failure = failure ?? error
            }
            index += 1
        }
        if isLost, case .server = failure { throw lastFailure() }
        if let failure { throw failure }
    }

    /// Lends the C handle to the other files of this module.
    func withHandle<Value>(_ body: (OpaquePointer) -> Value) -> Value {
        unsafe body(raw)
    }

    /// What libpq last said of this connection.
    func lastFailure() -> PostgresError { .connectionLost(unsafe message(of: raw)) }

    /// Hands over the data of a COPY that the server is ready for.
    private func copy(_ data: String) throws(PostgresError) {
        var data = data
        let isSent = data.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe PQputCopyData(raw, bytes.baseAddress, CInt(bytes.count)) == 1
            }
        }
        guard isSent, unsafe PQputCopyEnd(raw, nil) == 1 else { throw lastFailure() }
    }

    private func send(_ sql: String) throws(PostgresError) {
        var sql = sql
        if case .withNext = ending {
            sql = "ROLLBACK;\n" + sql
            ending = .sent
        }
        guard unsafe PQsendQuery(raw, sql) == 1 else { throw lastFailure() }
    }

    private func nextResult() -> OpaquePointer? {
        let result = unsafe PQgetResult(raw)
        guard case .sent = ending else { return unsafe result }
        ending = .own
        guard unsafe PQresultStatus(result) == PGRES_COMMAND_OK else { return unsafe result }
        unsafe PQclear(result)
        return unsafe PQgetResult(raw)
    }

    /// Turns a result into rows, or frees it and throws what it says.
    func checked(_ result: OpaquePointer) throws(PostgresError) -> Rows {
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return unsafe Rows(adopting: result)
        case PGRES_COPY_OUT, PGRES_COPY_IN, PGRES_COPY_BOTH:
            // Nothing else here starts a COPY; a result that cannot be finished ends the connection.
            unsafe PQclear(result)
            throw .connectionLost("the server switched to COPY mode")
        default:
            defer { unsafe PQclear(result) }
            guard let error = unsafe ServerError(result) else { throw lastFailure() }
            // FATAL and PANIC are the server's last words on a connection.
            guard error.severity == "ERROR" else { throw .connectionLost(error.message) }
            throw .server(error)
        }
    }
}

private func message(of raw: OpaquePointer) -> String {
    var text = unsafe String(cString: PQerrorMessage(raw))
    while text.last?.isNewline == true { text.removeLast() }
    return text
}

extension ServerError {
    /// Reads the fields of a failed result; `nil` if it is not the server's but libpq's own.
    fileprivate init?(_ result: OpaquePointer) {
        func field(_ code: Int) -> String? {
            unsafe PQresultErrorField(result, CInt(code)).map { unsafe String(cString: $0) }
        }
        guard let state = field(PGSMOKE_DIAG_SQLSTATE) else { return nil }
        severity = field(PGSMOKE_DIAG_SEVERITY) ?? "ERROR"
        sqlState = SQLState(state)
        message = field(PGSMOKE_DIAG_MESSAGE) ?? ""
        detail = field(PGSMOKE_DIAG_DETAIL)
        hint = field(PGSMOKE_DIAG_HINT)
        context = field(PGSMOKE_DIAG_CONTEXT)
        internalQuery = field(PGSMOKE_DIAG_INTERNAL_QUERY)
        position = field(PGSMOKE_DIAG_POSITION).flatMap { Int($0) }
        schema = field(PGSMOKE_DIAG_SCHEMA)
        table = field(PGSMOKE_DIAG_TABLE)
        column = field(PGSMOKE_DIAG_COLUMN)
        constraint = field(PGSMOKE_DIAG_CONSTRAINT)
        sourceFunction = field(PGSMOKE_DIAG_SOURCE_FUNCTION) ?? ""
    }
}
