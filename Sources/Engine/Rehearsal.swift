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
    /// The longest time for one statement, in milliseconds.
    static let statementTime = 350

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
        // The role's own settings may have put the limit up.
        script.insert([Self.limit], for: .frame) { $0 == .statement(0) }
    }

    /// The lock is the database's own, and of the transaction, so poolers do no harm.
    static let gate = [
        "SELECT pg_catalog.set_config('lock_timeout', '300', true)",
        "SELECT pg_catalog.pg_advisory_xact_lock(1885827949, 1)",
        "SELECT pg_catalog.set_config('lock_timeout', '\(patience)', true)",
    ]

    private static let limit =
        "SELECT pg_catalog.set_config('statement_timeout', '\(statementTime)', true)"
}
