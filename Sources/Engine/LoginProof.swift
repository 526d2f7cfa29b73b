internal import Access
internal import Catalog
internal import Postgres
internal import Trials

extension Proof {
    /// The failed record of a trial over a login, with what cures it.
    ///
    /// Another connection's GRANT is not seen there before it is committed, so the cure is proven by
    /// SET ROLE, if the trial fails in the same way under it.
    func record(forLogin failed: Record) throws(PostgresError) -> Record {
        runner.rehearse([], for: subject, access)
        let seen = try runner.run(failed.trial, at: place, on: subject)
        guard seen?.verdict == .failed, seen?.missing == failed.missing else {
            return untriable(failed, because: "by SET ROLE the trial does not fail in this way")
        }
        return try record(for: failed)
    }

    /// The record of a trial that nothing can be tried for.
    func untriable(_ failed: Record, because doubt: String) -> Record {
        let grants = failed.missing.filter { !isForbidden($0) }.map { missing in
            let grant = access.uninherited(missing) ?? missing
            let grantor = access.grantors(of: grant, for: user).names.first ?? ""
            return PlannedGrant(missing: missing, grant: grant, grantor: grantor)
        }
        return unproven(failed, grants, doubt)
    }
}

extension RunContext {
    /// The frame of a role that could be put on, or that has logged in.
    func frame(of role: String, _ logins: RoleLogins) -> RoleFrame? {
        if case .ready(let frame)? = frames[role] { return frame }
        if case .ready(let frame)? = logins[role] { return frame }
        return nil
    }

    /// Whether a frame can be put on by SET ROLE; a login's cannot.
    func canPutOn(_ frame: RoleFrame) -> Bool { frame.login == nil }

    /// Why what is not committed cannot be tried for a role that is tried over its login alone.
    func whyUnseen(by role: Role) -> String {
        let me = snapshot.roleName(user.role)
        let options = snapshot.server.version >= 160_000 ? " WITH SET TRUE, INHERIT FALSE" : ""
        return
            "a login sees only what is committed, and \(Identifier.displayed(me)) would have to be "
            + "able to become \(Identifier.displayed(role.name)) to try it: GRANT "
            + "\(Identifier.sql(role.name)) TO \(Identifier.sql(me))\(options)"
    }
}
