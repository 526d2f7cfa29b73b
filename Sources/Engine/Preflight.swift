internal import Access
internal import Catalog
internal import Postgres
internal import Trials

/// What is settled for each role before its first trial.
struct Preflight {
    let snapshot: Snapshot
    let options: EngineOptions
    let connection: Connection
    var declarations = Declarations()

    /// A role that can be tried, or the case that says why it cannot.
    enum Result: Sendable {
        case ready(RoleFrame)
        case cannotSet(Record)
    }

    /// Puts each role's frame on once, and sees whether a denial is seen.
    func results(for roles: [Role]) throws(PostgresError) -> ExactNames<Result> {
        let configured = try configuredValues()
        var results = ExactNames<Result>()
        for role in roles {
            let frame = RoleFrame(
                for: role,
                in: snapshot,
                options: options,
                configured: configured,
                declared: declarations.parameters[role.name] ?? []
            )
            results[role.name] = try check(frame)
        }
        return results
    }

    /// The configuration files' values of the parameters that the connecting role overrides.
    ///
    /// Only a superuser may read the files; for others the built-in value has to do.
    private func configuredValues() throws(PostgresError) -> [String: String] {
        let names = LoginSettings.leaking(in: snapshot)
        guard !names.isEmpty, snapshot.rolesByName[snapshot.server.user]?.isSuperuser == true else {
            return [:]
        }
        let rows = try connection.execute(
            "SELECT name, setting FROM pg_catalog.pg_file_settings WHERE applied ORDER BY seqno"
        )
        var values: [String: String] = [:]
        for row in rows {
            if let name = row[0], names.contains(name) { values[name] = row[1] }
        }
        return values
    }

    /// Puts a frame on once, and sees whether a denial is seen.
    func check(_ frame: RoleFrame) throws(PostgresError) -> Result {
        var frame = frame
        // One more round for each parameter that cannot be set.
        for _ in 0...frame.settings.count {
            // A read-only transaction would refuse the detector's statement for another reason.
            var writing = frame
            writing.settings.removeAll { $0.name == "transaction_read_only" }
            let lines = try writing.lines(with: connection)
            let results = try connection.exchange(
                ["BEGIN READ WRITE"] + lines
                    + ["DELETE FROM pg_catalog.pg_class WHERE false", "ROLLBACK"]
            )
            guard case .failed(let error) = results.last else {
                // Nobody refused: right for a superuser alone.
                frame.isDetectorProven = frame.effective.isSuperuser
                return .ready(frame)
            }
            try connection.execute("ROLLBACK")
            let failed = results.count - 2
            if failed < 0 { throw .server(error) }
            if failed >= lines.count {
                frame.isDetectorProven = error.sqlState == .insufficientPrivilege
                return .ready(frame)
            }
            if failed == lines.count - 1 { return .cannotSet(try setRoleRecord(frame, error)) }
            guard let culprit = try unsettable(in: frame) else { throw .server(error) }
            frame.notApplied.append(frame.settings[culprit].name)
            frame.settings.remove(at: culprit)
        }
        return .ready(frame)
    }

    /// Finds the first parameter that the connecting role cannot set.
    private func unsettable(in frame: RoleFrame) throws(PostgresError) -> Int? {
        for (index, setting) in frame.settings.enumerated() {
            let results = try connection.exchange(
                ["BEGIN READ WRITE", "SELECT \(try setting.call(with: connection))", "ROLLBACK"]
            )
            if case .failed = results.last {
                try connection.execute("ROLLBACK")
                return index
            }
        }
        return nil
    }

    private func setRoleRecord(
        _ frame: RoleFrame,
        _ error: ServerError
    ) throws(PostgresError) -> Record {
        let target = frame.effective
        let user = snapshot.server.user
        return Record(
            trial: Trial(
                role: frame.role.name,
                operation: .setRole,
                object: ObjectName(kind: .role, schema: nil, name: frame.role.name)
            ),
            verdict: .error,
            reason:
                "\(Identifier.displayed(user)) may not SET ROLE to \(Identifier.displayed(target.name))"
                + (isMember(of: target) ? " although it is a member (SET FALSE)" : "")
                + ", so none of its trials was carried out",
            problem: .setRole,
            sqlState: error.sqlState.code,
            message: error.message,
            missing: [
                MissingPrivilege(
                    privilege: "SET",
                    object: ObjectName(kind: .role, schema: nil, name: target.name),
                    grantee: user
                )
            ],
            cure: [try membershipCure(target)]
        )
    }

    private var userOID: OID? { snapshot.rolesByName[snapshot.server.user]?.oid }

    private func isMember(of role: Role) -> Bool {
        userOID.map { snapshot.membershipsByMember[$0, default: []] }?
            .contains { $0.group == role.oid } ?? false
    }

    /// The membership that would let the role be tried; proven if the connecting role may grant it to
    /// itself, as one that made the role can.
    private func membershipCure(_ target: Role) throws(PostgresError) -> Cure {
        let options = snapshot.server.version >= 160_000 ? " WITH SET TRUE, INHERIT FALSE" : ""
        let user = snapshot.server.user
        let shown = "GRANT \(Identifier.sql(target.name)) TO \(Identifier.sql(user))\(options)"
        let role = try connection.quoted(identifier: target.name)
        let sent = "GRANT \(role) TO \(try connection.quoted(identifier: user))\(options)"
        let results = try connection.exchange(
            ["BEGIN"] + Rehearsal.gate + [sent, "SET LOCAL ROLE \(role)", "ROLLBACK"]
        )
        if connection.isInTransaction { try connection.execute("ROLLBACK") }
        if case .succeeded = results.last {
            return Cure(sql: shown, runBy: user, isProven: true)
        }
        return Cure(
            sql: shown,
            runBy: snapshot.firstSuperuser ?? user,
            isProven: false,
            doubt:
                "it takes a superuser, or a role with ADMIN on \(Identifier.displayed(target.name))"
        )
    }
}

extension RoleFrame {
    /// The statements that put the frame on: the parameters in one, then the role.
    ///
    /// `set_config` returns what it has set, so the last one's row proves that the role changed. After
    /// a real login there is nothing to change, unless the login's own settings have: the row proves
    /// that it is still that login.
    func lines(with connection: Connection) throws(PostgresError) -> [String] {
        var lines: [String] = []
        if let line = try settings.line(with: connection) { lines.append(line) }
        var role = try Setting(name: "role", value: effective.name).call(with: connection)
        if let login {
            if login == effective.name { role = "current_user" }
            role =
                "CASE session_user WHEN \(try connection.quoted(literal: login)) THEN \(role) END"
        }
        lines.append("SELECT \(role)")
        return lines
    }
}

extension [RoleFrame.Setting] {
    /// The statement that sets them for the transaction; `nil` if there are none.
    func line(with connection: Connection) throws(PostgresError) -> String? {
        var calls: [String] = []
        for setting in self { calls.append(try setting.call(with: connection)) }
        return calls.isEmpty ? nil : "SELECT \(calls.joined(separator: ", "))"
    }
}

extension RoleFrame.Setting {
    func call(with connection: Connection) throws(PostgresError) -> String {
        let name = try connection.quoted(literal: name)
        return "pg_catalog.set_config(\(name), \(try connection.quoted(literal: value)), true)"
    }
}
