import Catalog
import Engine
import Postgres
import Settings
import Trials

extension SettingsCheck {
    /// Turns the file's settings and values into declarations, once the server has read them.
    func declarations(
        _ given: GivenValues,
        _ rules: RelationRules,
        of roles: [String],
        options: EngineOptions
    ) throws -> Declarations {
        var declarations = Declarations()
        for role in file.roles {
            declarations.parameters[role.name.value] = role.settings.map {
                Declarations.Parameter(name: $0.name.value, value: $0.value)
            }
        }
        for (relation, values) in given.values {
            for value in values {
                let expression = value.entry.expression
                declarations.values[relation, default: [:]][value.column.number] =
                    Declarations.Value(
                        expression: expression.value,
                        place: "\(file.path):\(expression.line)"
                    )
            }
        }
        declarations.calls = try calls()
        let check = DeclarationCheck(
            declarations,
            in: snapshot,
            options: options,
            over: connection
        )
        if let unusable = try check.unusableParameter() { throw complaint(unusable) }
        for (routine, call) in declarations.calls.sorted(by: { $0.key < $1.key }) {
            guard let routine = snapshot.routines[routine],
                let why = try check.complaint(aboutCall: call, of: routine),
                let entry = file.functions.first(where: { $0.call.value == call.expression })
            else { continue }
            throw file.error(
                entry.call.line,
                "the call of \(routine.objectName.displayed) cannot be read (\(why)): "
                    + entry.call.value
            )
        }
        if let unusable = try check.unusableValue(for: roles),
            let value = given.values[unusable.relation]?.first(where: {
                $0.column.number == unusable.column
            })
        {
            throw complaint(unusable, value)
        }
        return declarations
    }

    /// The calls that the file gives, by the routine that each is for.
    private func calls() throws(SettingsError) -> [OID: Declarations.Value] {
        var calls: [OID: Declarations.Value] = [:]
        let routines = snapshot.routines.values.filter { !$0.isBuiltIn }
        for entry in file.functions {
            let name = entry.name.value
            let found = routines.filter { routine in
                let whole = routine.objectName.displayed
                let bare =
                    "\(Identifier.displayed(routine.schema)).\(Identifier.displayed(routine.name))"
                return [whole, bare].contains { $0.utf8.elementsEqual(name.utf8) }
            }
            guard let routine = found.first, found.count == 1 else {
                let known = (found.isEmpty ? routines : found).map(\.objectName.displayed).sorted()
                throw file.error(
                    entry.name.line,
                    found.isEmpty
                        ? "'\(name)' is no function of this database; "
                            + Self.hint(name, among: known, orElse: "write schema.name(types)")
                        : "'\(name)' may be several functions; say which: "
                            + known.joined(separator: ", ")
                )
            }
            calls[routine.oid] = Declarations.Value(
                expression: entry.call.value,
                place: "\(file.path):\(entry.call.line)"
            )
        }
        return calls
    }

    private func complaint(_ unusable: DeclarationCheck.UnusableParameter) -> SettingsError {
        let settings = file.roles.first { $0.name.value == unusable.role }?.settings ?? []
        let line = settings.first { $0.name.value == unusable.name }?.name.line
        let name = "'\(unusable.name)'"
        switch unusable.error.sqlState.code {
        case "42704":
            return file.error(
                line,
                "the server has no parameter \(name); "
                    + Self.hint(
                        unusable.name,
                        among: unusable.known,
                        orElse: "one of your own needs a dot in its name, such as app.tenant_id"
                    )
            )
        case "55P02":
            return file.error(
                line,
                "no session can set the parameter \(name); take it out, it is the server's own"
            )
        case "22023":
            return file.error(
                line,
                "the parameter \(name) does not take that value; see its page in the manual"
            )
        default:
            return file.error(
                line,
                "the server refuses the parameter \(name): \(unusable.error.message)"
            )
        }
    }

    private func complaint(
        _ unusable: DeclarationCheck.UnusableValue,
        _ value: GivenValues.Value
    ) -> SettingsError {
        let table = snapshot.relations[unusable.relation]?.objectName.displayed ?? ""
        let column = Identifier.displayed(value.column.name)
        let text = value.entry.expression.value
        let start = "the value of column \(column) of \(table)"
        let line = value.entry.expression.line
        switch unusable.reason {
        case .hasParameters:
            return file.error(line, "\(start) holds a parameter ($1), for which there is no value")
        case .isNotOneValue:
            return file.error(line, "\(start) is not one SQL expression: \(text)")
        case .refused(let error) where error.sqlState.code == "42601":
            return file.error(
                line,
                "\(start) is not one SQL expression (\(error.message)): \(text)"
            )
        case .refused(let error) where error.sqlState == .undefinedColumn && Self.isWord(text):
            return file.error(
                line,
                "\(start) is no SQL expression: \(text); a text needs quotes in quotes: "
                    + "\"'\(text)'\""
            )
        case .refused(let error):
            return file.error(line, "\(start) does not fit (\(error.message)): \(text)")
        }
    }

    private static func isWord(_ text: String) -> Bool {
        text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }
}
