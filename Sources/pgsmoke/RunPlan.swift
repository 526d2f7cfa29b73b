import Access
import Catalog
import Engine
import Postgres
import Settings
import Trials

/// What a run is to do in one database: options and settings file, held against its catalog.
struct RunPlan {
    let relations: ApplicationRelations
    let expectations: InsertExpectations
    let declarations: Declarations
    /// What the file asks for and this version cannot do.
    let notes: [String]

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
        over connection: Connection
    ) throws {
        let snapshot = access.snapshot
        relations = ApplicationRelations(
            in: snapshot,
            selected: try selection.resolve(in: snapshot, with: connection)
        )
        expectations = try Self.expectations(access, relations, roles)
        declarations = Declarations()
        notes = []
    }

    /// Joins the options with a settings file; where both speak of the same, the options count.
    ///
    /// - Throws: `SettingsError`, `SelectionError`, `UnknownRole`, `PostgresError`.
    init(
        _ access: AccessMap,
        _ selection: Selection,
        roles: [String],
        _ file: SettingsFile,
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
            ? try Self.expectations(access, relations, [])
            : try InsertExpectations(
                following: rules,
                narrowedTo: roles,
                on: relations.relations,
                in: snapshot
            )
        let given = try GivenValues(of: file, matching: matches, in: snapshot)
        let tried = Set(expectations.trials.map(\.role)).sorted()
        declarations = try settings.declarations(
            given,
            rules,
            of: tried,
            options: options
        )
        let untried = Operation.declarable.filter(expectations.untried.contains)
        notes =
            untried.isEmpty
            ? []
            : [
                "the settings file expects what this version does not try yet, so nothing is known "
                    + "of it: \(untried.map(\.rawValue).joined(separator: ", "))"
            ]
    }

    private static func expectations(
        _ access: AccessMap,
        _ relations: ApplicationRelations,
        _ roles: [String]
    ) throws(UnknownRole) -> InsertExpectations {
        guard !roles.isEmpty else {
            return InsertExpectations(inferringFrom: access, on: relations.relations)
        }
        return try InsertExpectations(
            declaring: roles,
            on: relations.relations,
            in: access.snapshot
        )
    }
}
