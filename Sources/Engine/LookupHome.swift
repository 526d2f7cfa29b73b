internal import Catalog
internal import Postgres
internal import RowSynthesis

/// Where rows are looked for on behalf of a login, which may see less than the connecting role.
struct LookupHome: Sendable {
    let target: ConnectionTarget
    /// How the connecting role puts on the role that has logged in.
    let frame: RoleFrame
    let reader: @Sendable (Relation) -> Lookup.Reader
}

extension RunContext {
    /// Rows are looked for over the trials' own connection unless another one sees more; what is
    /// found there is committed, so the login sees it, too.
    func lookup(besides connection: Connection) -> (lookup: Lookup, frame: RoleFrame?) {
        guard let home = lookupHome, let other = try? Connection(to: home.target) else {
            return (Lookup(snapshot, with: connection, reader: reader), nil)
        }
        backends.insert(other.backendPID)
        stop.register(other.canceller())
        return (Lookup(snapshot, with: other, reader: home.reader), home.frame)
    }
}

extension LaneRunner {
    /// The statements that put a trial's role on where rows are looked for.
    func lookupLines(of trial: PendingTrial?) throws(PostgresError) -> [String] {
        guard let trial else { return [] }
        return try (lookupFrame ?? trial.frame).lines(with: lookup.connection)
    }
}
