internal import Postgres

/// A string of statements, each with what it is there for, so that the one that failed is known.
struct TrialScript {
    enum Purpose: Sendable, Hashable {
        /// Opening and closing the transaction, time limits.
        case frame
        /// Waiting for other proofs to end.
        case gate
        /// Carrying out a grant that a proof tries, by its place in the rehearsal.
        case grant(Int)
        /// Shielding a sequence, by its place in the list of shields.
        case shield(Int)
        /// Putting a scaffold row in place, by its place in the draft.
        case scaffold(Int)
        /// Asking which sequences shields and scaffold have drawn from.
        case preparation
        /// Putting the row in place that the trial's statement picks.
        case ownRow(Int)
        /// Putting on a role's settings, or the role, for a trial.
        case role(Int)
        case statement(Int)
        /// Putting a scaffold row in place that follows the trial's own, by its place in the draft.
        case follower(Int, Int)
        /// Forcing the deferred constraints of what the trial did.
        case force(Int)
        /// Forcing those of the scaffold, back under the connecting role.
        case forceScaffold(Int)
        /// Asking who is at work after the trial's code has run.
        case identity(Int)

        /// The trial that the statement belongs to alone.
        var trial: Int? {
            switch self {
            case .frame, .gate, .grant, .shield, .scaffold, .preparation: nil
            case .ownRow(let trial), .role(let trial), .statement(let trial),
                .follower(let trial, _), .force(let trial), .forceScaffold(let trial),
                .identity(let trial):
                trial
            }
        }
    }

    private(set) var statements: [String] = []
    private(set) var purposes: [Purpose] = []
    /// The data of statements that are a COPY.
    private var copied: [String?] = []

    mutating func add(
        _ statement: String,
        for purpose: Purpose = .frame,
        copying data: String? = nil
    ) {
        statements.append(statement)
        purposes.append(purpose)
        copied.append(data)
    }

    /// The statements as `psql` reads them, each with its end.
    ///
    /// Where a COPY is refused, `psql` takes its data for SQL, which has to be thrown away.
    var forReaders: [String] {
        zip(statements, copied).map { statement, data in
            "\(statement);" + (data.map { "\n\($0)\\.\n\\r" } ?? "")
        }
    }

    mutating func add(_ lines: [String], for purpose: Purpose = .frame) {
        for line in lines { add(line, for: purpose) }
    }

    /// Puts lines before the first statement whose purpose the condition picks.
    mutating func insert(
        _ lines: [String],
        for purpose: Purpose,
        before isPlace: (Purpose) -> Bool
    ) {
        guard let place = purposes.firstIndex(where: isPlace) else { return }
        statements.insert(contentsOf: lines, at: place)
        purposes.insert(contentsOf: lines.map { _ in purpose }, at: place)
        copied.insert(contentsOf: lines.map { _ in nil }, at: place)
    }

    /// Puts a line before each statement whose purpose the condition picks, for the same purpose.
    mutating func precede(with line: String, where isPicked: (Purpose) -> Bool) {
        for place in purposes.indices.reversed() where isPicked(purposes[place]) {
            statements.insert(line, at: place)
            purposes.insert(purposes[place], at: place)
            copied.insert(nil, at: place)
        }
    }

    /// What became of a script.
    struct Answer {
        /// The results of the statements that succeeded, with their purposes.
        var succeeded: [(purpose: Purpose, affected: Int?, firstRow: [String?])] = []
        var failure: (purpose: Purpose, error: ServerError)?
    }

    /// Sends the script in one round trip.
    ///
    /// - Throws: `connectionLost`, also if the server answered fewer statements than were sent.
    func send(over connection: Connection) throws(PostgresError) -> Answer {
        var data: [Int: String] = [:]
        for (index, copied) in copied.enumerated() where copied != nil { data[index] = copied }
        return try answer(from: try connection.exchange(statements, copying: data)[...])
    }

    /// Reads what became of the statements from their results, which end with the first failure.
    ///
    /// - Throws: `connectionLost` if there are too few.
    func answer(from results: ArraySlice<StatementResult>) throws(PostgresError) -> Answer {
        var answer = Answer()
        for (purpose, result) in zip(purposes, results) {
            switch result {
            case .succeeded(let affected, let firstRow):
                answer.succeeded.append((purpose, affected, firstRow))
            case .failed(let error): answer.failure = (purpose, error)
            }
        }
        guard answer.failure != nil || answer.succeeded.count == statements.count else {
            throw .connectionLost("the server left statements unanswered")
        }
        return answer
    }
}
