import Access
import Catalog
import Engine
import Postgres
import Settings
import Trials

/// What a run is to do in one database: options and settings file, held against its catalog.
struct RunPlan {
    let relations: ApplicationRelations
    let expectations: Expectations
    let declarations: Declarations

    /// The cases that need no trial, or those of them that are named.
    func uncovered(_ trials: [Trial]? = nil) -> [Record] {
        (trials ?? expectations.uncovered).map { trial in
            Record(
                trial: trial,
                verdict: .uncovered,
                reason:
                    "no rule of the settings file says what the role is to do here; give the role "
                    + "a profile or list its operations",
                problem: .uncovered,
                decidedBy: .catalog
            )
        }
    }

    /// Takes the options as they are, without a settings file.
    init(
        _ access: AccessMap,
        _ selection: Selection,
        roles: [String],
        operations: [Trials.Operation]?,
        over connection: Connection
    ) throws {
        let snapshot = access.snapshot
        relations = ApplicationRelations(
            in: snapshot,
            selected: try selection.resolve(in: snapshot, with: connection)
        )
        expectations = try Self.expectations(access, relations, roles, operations)
        declarations = Declarations()
    }

    /// Joins the options with a settings file; where both speak of the same, the options count.
    ///
    /// - Throws: `SettingsError`, `SelectionError`, `UnknownRole`, `PostgresError`.
    init(
        _ access: AccessMap,
        _ selection: Selection,
        roles: [String],
        operations: [Trials.Operation]?,
        _ file: SettingsFile,
        _ environment: [String: String],
        options: EngineOptions,
        over connection: Connection
    ) throws {
        let snapshot = access.snapshot
        let settings = SettingsCheck(file: file, snapshot: snapshot, connection: connection)
        try settings.checkRoles()
        relations = ApplicationRelations(in: snapshot, selected: try settings.selected(selection))
        let matches = try settings.tables(leftOut: relations.leftOut)
        let rules = RelationRules(file, matching: matches)
        expectations =
            file.roleNames.isEmpty && roles.isEmpty
            ? try Self.expectations(access, relations, [], operations)
            : try Expectations(
                following: rules,
                narrowedTo: roles,
                operations: operations,
                on: ExpectedObjects(relations, access),
                access
            )
        let given = try GivenValues(of: file, matching: matches, in: snapshot)
        let tried = Set(expectations.trials.map(\.role)).sorted()
        var declared = try settings.declarations(
            given,
            rules,
            of: tried,
            options: options
        )
        declared.foreignTables = Set(
            relations.relations.filter { $0.kind == .foreignTable && rules.isNamed($0.oid) }
                .map(\.oid)
        )
        declared.logins = try settings.logins(of: tried, environment)
        declarations = declared
    }

    private static func expectations(
        _ access: AccessMap,
        _ relations: ApplicationRelations,
        _ roles: [String],
        _ operations: [Trials.Operation]?
    ) throws(UnknownRole) -> Expectations {
        let objects = ExpectedObjects(relations, access)
        guard !roles.isEmpty else {
            return Expectations(inferringFrom: access, operations: operations, on: objects)
        }
        return try Expectations(declaring: roles, operations: operations, on: objects, access)
    }
}
