import Glibc
import Postgres
import Settings

/// The settings file of a run, and where it is to connect.
struct RunSettings {
    /// `nil` if there is none.
    let file: SettingsFile?
    let target: ConnectionTarget
    /// The variables of this process and of the files that were named.
    let environment: [String: String]

    /// The rules of `lint` that the file leaves out.
    var disabledLints: Set<String> { Set(file?.disabledLints.map(\.value) ?? []) }

    /// Reads the file that `-c` names or, without it, the nearest on the way up.
    ///
    /// - Throws: `SettingsError`.
    init(
        _ options: ConnectionOptions,
        _ environment: [String: String]
    ) throws(SettingsError) {
        self.environment = environment
        var target = options.target(environment)
        guard let source = try Self.source(options.config) else {
            file = nil
            self.target = target
            return
        }
        let file = try SettingsFile(source)
        // A URI or conninfo string says it all: a password of the file's must not follow it elsewhere.
        if !target.isConnectionString {
            let given = [
                ("host", options.host), ("port", options.port), ("user", options.user),
                ("dbname", target.database),
            ]
            let parameters = try file.connection.resolved(
                for: file,
                options: Set(given.filter { $0.1 != nil }.map(\.0)),
                environment: environment
            )
            target.fallBack(to: parameters, of: file.path)
            if parameters["dbname"] != nil { try Self.check(target, file) }
        }
        try Self.checkLints(of: file)
        self.file = file
        self.target = target
    }

    private static func checkLints(of file: SettingsFile) throws(SettingsError) {
        for code in file.disabledLints {
            do throws(Misuse) {
                _ = try Lint.known([code.value])
            } catch {
                throw file.error(code.line, error.message)
            }
        }
    }

    /// Makes sure that libpq can read a connection string of the file's.
    private static func check(
        _ target: ConnectionTarget,
        _ file: SettingsFile
    ) throws(SettingsError) {
        do throws(PostgresError) {
            try target.validate()
        } catch {
            guard case .invalidConnectionString(let text) = error, text.hasPrefix(file.path) else {
                return
            }
            let line = file.connection.parameters.first { $0.keyword == "dbname" }?.value.line
            throw file.error(line, "'dbname'\(text.dropFirst(file.path.count))")
        }
    }

    private static func source(_ config: String?) throws(SettingsError) -> SettingsSource? {
        if let config { return try .named(config) }
        guard let folder = getcwd(nil, 0) else { return nil }
        defer { free(folder) }
        return try .found(above: String(cString: folder))
    }
}
