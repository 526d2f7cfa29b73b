internal import Catalog
internal import Postgres
internal import Trials

extension RunContext {
    /// What trials by SET ROLE leave untried: said once, and for each role the settings that were not
    /// put on.
    func settingsNotes(of frames: [RoleFrame], besides logins: RoleLogins) -> [String] {
        var notes: [String] = []
        let notApplied = frames.map { ($0.role.name, $0.notApplied) }
        for (role, names) in notApplied where !names.isEmpty {
            let list = names.map(Identifier.displayed).joined(separator: ", ")
            notes.append(
                "settings of \(Identifier.displayed(role)) that only a login would have: \(list)"
            )
        }
        for case (_, .ready(let frame)) in logins.sorted where !frame.notApplied.isEmpty {
            let list = frame.notApplied.map(Identifier.displayed).joined(separator: ", ")
            notes.append(
                "settings that \(Identifier.displayed(frame.role.name)) may not make: \(list)"
            )
        }
        guard !frames.isEmpty else { return notes }
        let names = frames.map { Identifier.displayed($0.role.name) }.joined(separator: ", ")
        let whose = declarations.logins.names.isEmpty ? "" : " of \(names)"
        notes.append(
            "the login itself\(whose) was not tried, only SET ROLE: password, pg_hba.conf, CONNECT "
                + "(connect: in pgsmoke.yml does)"
        )
        return notes
    }
}

extension RoleLogins {
    /// Whether each role was let in; nothing of one whose connection led elsewhere.
    var facts: ExactNames<LoginFacts> {
        var facts: ExactNames<LoginFacts> = [:]
        for (name, login) in sorted {
            switch login {
            case .ready(let frame):
                let user = Identifier.displayed(frame.login ?? name)
                facts[name] = LoginFacts(role: name, canLogIn: true, why: "logged in as \(user)")
            case .failed(let record) where record.message != nil:
                let why = "its login failed, see the case \(record.trial.name)"
                facts[name] = LoginFacts(role: name, canLogIn: false, why: why)
            case .failed: continue
            }
        }
        return facts
    }
}

extension Connection {
    /// How many connections a role has open, in all databases; 0 if nobody tells.
    func connections(of role: Role) -> Int {
        let rows = try? execute(
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid = \(role.oid)"
        )
        return rows?.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
    }
}
