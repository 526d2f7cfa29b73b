import Catalog
import Reports
import Settings
import Trials

/// What the user asked for and cannot have, in one sentence with the cure.
struct Misuse: Error {
    let message: String
    var exitCode = ExitCode.usage

    init(_ error: SettingsError) {
        message = error.message
        exitCode = ExitCode.settings
    }

    init(message: String) { self.message = message }

    /// Tells it on stderr and returns the exit code.
    func told() -> Int32 {
        Console.complain("pgsmoke: \(message)")
        return Console.end(with: exitCode)
    }

    init(_ error: SelectionError) {
        message =
            switch error {
            case .matchesNothing(let option, let pattern):
                "\(option) \(Self.shown(pattern)) matches nothing in this database; names outside double "
                    + "quotes are folded to lower case, * and ? are wildcards"
            case .tooManyDots(let option, let pattern):
                "\(option) \(Self.shown(pattern)) has too many dots; write schema.table, with double "
                    + "quotes around a name that holds a dot"
            case .unreadable(let option, let pattern):
                "\(option) \(Self.shown(pattern)) is not a pattern that the server can read; put "
                    + "double quotes around names with special characters"
            }
    }

    init(_ error: UnknownRole) {
        let nearest = NearestName.of(error.name, among: error.known.filter { !$0.hasPrefix("pg_") })
        let hint =
            nearest.map { "; did you mean \(Self.shown($0))?" } ?? "; \\du in psql lists the roles"
        message = "--role \(Self.shown(error.name)) is no role of this server\(hint)"
    }

    private static func shown(_ text: String) -> String { "'\(PrintableText.line(text))'" }
}
