internal import Access
internal import Catalog
internal import Trials

/// What a login as a role would be like, to be put on before each of its trials.
struct RoleFrame: Sendable, Hashable {
    /// The role that is tried.
    let role: Role
    /// The role whose privileges count: another one if the role's own settings change to it.
    let effective: Role
    /// Parameters and values, in the order in which they are set.
    var settings: [Setting]
    /// The isolation level that the role's transactions start with.
    let isolation: String?
    /// Why the role's results say little; `nil` if they say all.
    let vacuity: String?
    /// Parameters that a login would have and the trial has not.
    var notApplied: [String] = []
    /// Whether a denial that the role must meet was seen to be seen.
    var isDetectorProven = false
    /// The role that has really logged in for the trials; `nil` if they are carried out by SET ROLE.
    var login: String?

    /// Whether the role's own settings let its transactions change nothing.
    var isReadOnly: Bool {
        settings.contains { $0.name == "transaction_read_only" && !$0.isOff }
    }

    /// Whether the role's own settings let the server refuse what row security applies to; any session
    /// can change that.
    var refusesRowSecurity: Bool {
        settings.contains { $0.name == "row_security" && $0.isOff }
    }

    /// The same role with transactions that may write.
    var withoutReadOnly: RoleFrame {
        var frame = self
        frame.settings.removeAll { $0.name == "transaction_read_only" }
        return frame
    }

    /// The frame without time limits of the role's own that would be longer than the transaction's,
    /// in milliseconds.
    func within(_ limits: TimeLimits) -> RoleFrame {
        var frame = self
        frame.settings.removeAll { setting in
            guard
                let limit = ["lock_timeout": limits.lock, "statement_timeout": limits.statement][
                    setting.name
                ]
            else { return false }
            return Self.milliseconds(setting.value).map { $0 > limit } ?? false
        }
        return frame
    }

    struct Setting: Sendable, Hashable {
        let name: String
        let value: String

        /// Whether a Boolean parameter is off, in one of the ways to write it (manual, 20.1.1).
        var isOff: Bool { ["off", "false", "no", "0"].contains(value.lowercased()) }
    }
}

extension RoleFrame {
    /// Puts the settings together that a login would have: role in database, else role, else
    /// database, else all, else the configuration's; what only the connecting role has goes back.
    ///
    /// `configured` holds values from the server's configuration files, by name; `declared` what the
    /// user wants on top of it all.
    init(
        for role: Role,
        in snapshot: Snapshot,
        options: EngineOptions,
        configured: [String: String],
        declared: [Declarations.Parameter] = []
    ) {
        var login = LoginSettings(of: role, in: snapshot, configured: configured)
        login.override(with: declared)
        self.init(for: role, in: snapshot, options: options, login: login, declared: declared)
    }

    /// Takes the settings of a login as they are put together.
    init(
        for role: Role,
        in snapshot: Snapshot,
        options: EngineOptions,
        login: LoginSettings,
        declared: [Declarations.Parameter]
    ) {
        var settings: [Setting] = []
        var isolation: String?
        var effective = role
        for (name, value) in login.values.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "client_encoding", "session_authorization": continue
            case "application_name" where !declared.contains { $0.name.lowercased() == name }:
                continue
            case "role":
                if let other = snapshot.rolesByName[value],
                    snapshot.canSetRole(role.oid, to: other.oid)
                {
                    effective = other
                }
            case "default_transaction_isolation":
                if Self.isolationLevels.contains(value.lowercased()) {
                    isolation = value.uppercased()
                }
            case "default_transaction_read_only":
                settings.append(Setting(name: "transaction_read_only", value: value))
            case "default_transaction_deferrable": continue
            case "lock_timeout":
                Self.cap(value, options.lockTimeout, name, &settings)
            case "statement_timeout", "transaction_timeout":
                Self.cap(value, options.statementTimeout, name, &settings)
            case "idle_in_transaction_session_timeout", "idle_session_timeout": continue
            default: settings.append(Setting(name: name, value: value))
            }
        }
        self.init(
            role: role,
            effective: effective,
            settings: settings,
            isolation: isolation,
            vacuity: effective.isSuperuser
                ? "vacuous: the role is a superuser, to whom no privilege is refused" : nil
        )
    }

    private static let isolationLevels = [
        "serializable", "repeatable read", "read committed", "read uncommitted",
    ]

    /// Adds a role's own timeout if it is shorter than pgsmoke's.
    private static func cap(
        _ value: String,
        _ limit: Int,
        _ name: String,
        _ settings: inout [Setting]
    ) {
        guard let milliseconds = milliseconds(value), milliseconds > 0, milliseconds < limit else {
            return
        }
        settings.append(Setting(name: name, value: value))
    }

    /// Reads a time as the configuration writes it, `500`, `2s`, `1 min` (manual, 20.1.1).
    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let factor: Double? =
            switch unit {
            case "": 1
            case "us": 0.001
            case "ms": 1
            case "s": 1_000
            case "min": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        return factor.map { Int(number * $0) }
    }
}

/// The parameters that differ between a session of the connecting role and a login as another.
struct LoginSettings {
    private(set) var values: [String: String] = [:]

    init(of role: Role, in snapshot: Snapshot, configured: [String: String]) {
        let database = snapshot.server.databaseOID
        func setting(_ name: String, database: OID, role: OID) -> String? {
            snapshot.roleSettings.first {
                $0.database == database && $0.role == role && $0.name == name
            }?.value
        }
        var names = Set(
            snapshot.roleSettings.filter { $0.role == role.oid }.map(\.name)
        )
        names.formUnion(Self.leaking(in: snapshot))
        for name in names {
            let builtIn = snapshot.sessionSettings.first { $0.name == name }?.builtInValue
            values[name] =
                setting(name, database: database, role: role.oid)
                ?? setting(name, database: 0, role: role.oid)
                ?? setting(name, database: database, role: 0)
                ?? setting(name, database: 0, role: 0)
                ?? configured[name] ?? builtIn ?? ""
        }
    }

    /// Takes the values that a login has come with.
    init(values: [String: String]) { self.values = values }

    /// Puts declared parameters on top; the server takes no notice of capitals in their names.
    mutating func override(with declared: [Declarations.Parameter]) {
        for parameter in declared {
            let name = parameter.name.lowercased()
            for other in values.keys where other.lowercased() == name { values[other] = nil }
            values[name] = parameter.value
        }
    }

    /// The parameters that the connecting role or client has for itself.
    static func leaking(in snapshot: Snapshot) -> Set<String> {
        let user = snapshot.rolesByName[snapshot.server.user]?.oid
        return Set(snapshot.sessionSettings.map(\.name))
            .union(snapshot.roleSettings.filter { $0.role == user }.map(\.name))
    }
}
