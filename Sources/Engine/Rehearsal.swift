internal import Postgres
internal import Trials

/// A grant that a proof tries, and the role that carries it out.
struct PlannedGrant: Sendable, Hashable {
    /// What was found missing.
    let missing: MissingPrivilege
    /// What is handed out for it: the same or a membership's inheritance.
    let grant: MissingPrivilege
    let grantor: String

    /// The statement under its grantor.
    func lines(with connection: Connection) throws(PostgresError) -> [String] {
        func quote(_ name: String) throws(PostgresError) -> String {
            try connection.quoted(identifier: name)
        }
        return [
            "SET LOCAL ROLE \(try quote(grantor))", try grant.grant(quotedBy: quote),
            "SET LOCAL ROLE NONE",
        ]
    }
}

/// Grants that a trial's transaction carries out before the trial.
///
/// An uncommitted grant makes VACUUM and other grants wait, so the transaction is short, and only one
/// of them is at work in a database: the next waits at the gate, where it holds nothing yet.
struct Rehearsal {
    let grants: [PlannedGrant]
    /// The grant, or the gate, that the server refused.
    var failure: (purpose: TrialScript.Purpose, error: ServerError)?

    init(grants: [PlannedGrant]) { self.grants = grants }

    /// The longest wait for any lock, in milliseconds.
    static let patience = 50
    /// The longest time from the beginning of a transaction to the end of its last statement, the
    /// wait at the gate included, in milliseconds.
    static let time = 900

    /// Puts the gate before all that a script does, and the grants before its trial.
    func enter(
        _ script: inout TrialScript,
        with connection: Connection
    ) throws(PostgresError) {
        if !grants.isEmpty { script.insert(Self.gate, for: .gate) { $0 != .frame } }
        for (index, grant) in grants.enumerated() {
            let lines = try grant.lines(with: connection)
            script.insert(lines, for: .grant(index)) { $0 == .role(0) }
        }
        Self.bound(&script)
    }

    /// Gives each statement no more than what is left of the transaction's time.
    ///
    /// A limit for each alone would let many of them hold the grants for many times as long. The server
    /// counts, so neither the network nor a client that is stopped makes it longer.
    static func bound(_ script: inout TrialScript) {
        script.precede(with: limit) { purpose in
            switch purpose {
            case .frame, .gate, .preparation, .role, .identity: false
            default: true
            }
        }
    }

    /// The lock is the database's own, and of the transaction, so poolers do no harm.
    static let gate = [
        "SELECT pg_catalog.set_config('lock_timeout', '300', true)",
        "SELECT pg_catalog.pg_advisory_xact_lock(1885827949, 1)",
        "SELECT pg_catalog.set_config('lock_timeout', '\(patience)', true)",
    ]

    /// The operators are named in full because a role's search_path may have others; 0 would be no
    /// limit at all.
    private static let limit = """
        SELECT pg_catalog.set_config('statement_timeout', GREATEST(1, \(time) OPERATOR(pg_catalog.-) \
        (1000 OPERATOR(pg_catalog.*) pg_catalog.date_part('epoch', \
        pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())))::pg_catalog.text, true)
        """
}
