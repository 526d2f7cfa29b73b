import Catalog
import Engine
import Postgres
import Settings
import Trials

/// Holds a settings file against a database, so that no run starts with a file that is half right.
struct SettingsCheck {
    let file: SettingsFile
    let snapshot: Snapshot
    let connection: Connection

    /// Makes sure that every role of the file is there.
    func checkRoles() throws(SettingsError) {
        for name in file.roleNames where snapshot.rolesByName[name.value] == nil {
            let known = snapshot.rolesByName.names.filter { !$0.hasPrefix("pg_") }
            throw file.error(
                name.line,
                "'\(name.value)' is no role of this server; "
                    + Self.hint(name.value, among: known, orElse: "\\du in psql lists the roles")
            )
        }
    }

    /// Finds the relations that are asked for; `-n` comes before `schemas`, `-T` before `exclude`.
    func selected(_ options: Selection) throws -> Selection.Resolved {
        var selection = options
        let takesSchemas = options.schemas.isEmpty
        let takesExclude = options.excludedTables.isEmpty
        if takesSchemas { selection.schemas = file.schemas.map(\.value) }
        if takesExclude { selection.excludedTables = file.exclude.map(\.value) }
        do {
            return try selection.resolve(in: snapshot, with: connection)
        } catch let error as SelectionError {
            let place: Placed<String>?
            switch error.option {
            case "--schema" where takesSchemas:
                place = file.schemas.first { $0.value == error.pattern }
            case "--exclude-table" where takesExclude:
                place = file.exclude.first { $0.value == error.pattern }
            default: place = nil
            }
            guard let place else { throw error }
            let known =
                error.option == "--schema"
                ? snapshot.schemas.values.map(\.name).sorted() : relationNames
            throw complaint(error, place, known)
        }
    }

    /// Finds the relations of each entry under `tables`, in the file's order.
    func tables(leftOut: [LeftOut]) throws -> [Set<OID>] {
        let matches: [Set<OID>]
        do {
            matches = try Selection.relations(
                matching: file.tables.map(\.pattern.value),
                in: snapshot,
                with: connection
            )
        } catch let error as SelectionError {
            guard let place = file.tables.first(where: { $0.pattern.value == error.pattern }) else {
                throw error
            }
            throw complaint(error, place.pattern, relationNames)
        }
        let reasons = Dictionary(leftOut.map { ($0.object, $0.reason) }) { first, _ in first }
        for (table, matched) in zip(file.tables, matches) {
            let pattern = table.pattern
            guard !matched.isEmpty else {
                throw complaint(.matchesNothing("", pattern.value), pattern, relationNames)
            }
            // What options leave out is none of the file's mistakes.
            let relations = matched.compactMap { snapshot.relations[$0]?.objectName }
            let why = relations.map { reasons[$0].flatMap { $0 == "excluded" ? nil : $0 } }
            if let reason = why.first ?? nil, !why.contains(nil) {
                throw file.error(
                    pattern.line,
                    "'\(pattern.value)' is left out of every run (\(reason)); take the entry out"
                )
            }
        }
        return matches
    }

    /// The names that a pattern could have meant, both with their schema and without.
    private var relationNames: [String] {
        snapshot.orderedRelations.filter { $0.kind != .sequence }
            .flatMap { [$0.objectName.displayed, Identifier.displayed($0.name)] }
    }

    private func complaint(
        _ error: SelectionError,
        _ place: Placed<String>,
        _ known: [String]
    ) -> SettingsError {
        switch error {
        case .matchesNothing(_, let pattern):
            file.error(
                place.line,
                "'\(pattern)' matches nothing in this database; "
                    + Self.hint(
                        pattern,
                        among: known,
                        orElse: "names outside double quotes are folded to lower case, "
                            + "* and ? are wildcards"
                    )
            )
        case .tooManyDots(_, let pattern):
            file.error(
                place.line,
                "'\(pattern)' has too many dots; put double quotes around a name that holds one"
            )
        case .unreadable(_, let pattern):
            file.error(
                place.line,
                "'\(pattern)' is no pattern that the server can read; put double quotes around "
                    + "names with special characters"
            )
        }
    }

    static func hint(_ name: String, among known: [String], orElse other: String) -> String {
        NearestName.of(name, among: known).map { "did you mean '\($0)'?" } ?? other
    }
}
