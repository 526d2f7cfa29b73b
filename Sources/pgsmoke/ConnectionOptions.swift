import ArgumentParser
import FoundationEssentials
import Glibc
import Postgres
import Settings

/// Where to connect, in psql's letters.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("d"), .customLong("dbname")],
        help: ArgumentHelp(
            "Database name, conninfo string, URI or JDBC URL.",
            valueName: "dbname"
        )
    )
    var database: String?

    @Option(
        name: [.customShort("h"), .customLong("host")],
        help: "Server host or socket directory."
    )
    var host: String?

    @Option(name: [.customShort("p"), .customLong("port")], help: "Server port.")
    var port: String?

    @Option(
        name: [.customShort("U"), .customLong("username")],
        help: ArgumentHelp("Role to connect as.", valueName: "username")
    )
    var user: String?

    @Flag(
        name: [.customShort("w"), .customLong("no-password")],
        help: "Accepted for psql's sake: pgsmoke never asks for a password."
    )
    var neverAsks = false

    @Option(
        help: ArgumentHelp(
            "Wait for a server that takes no connections yet.",
            valueName: "seconds"
        )
    )
    var wait: Int = 0

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp(
            "A file of KEY=VALUE lines; variables that are set already win (repeatable).",
            valueName: "file"
        )
    )
    var environmentFiles: [String] = []

    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp(
            "Settings file; without it, the pgsmoke.yml of this folder or one above.",
            valueName: "file"
        )
    )
    var config: String?

    func validate() throws {
        guard config?.isEmpty != true else {
            throw ValidationError("--config takes the name of a file, not an empty one.")
        }
        guard (0...86_400).contains(wait) else {
            throw ValidationError("--wait takes a number of seconds from 0 to 86400.")
        }
    }

    var patience: Patience { Patience(seconds: wait) }

    /// Reads the files of variables and of settings.
    ///
    /// - Throws: `Misuse` for one that cannot be read.
    func settings() throws(Misuse) -> RunSettings {
        let environment = try environment()
        do throws(SettingsError) {
            return try RunSettings(self, environment)
        } catch {
            throw Misuse(error)
        }
    }

    /// Returns this process's variables together with those of the files, which libpq sees too.
    ///
    /// To be called before anything is read from the environment. A later file wins over an earlier.
    private func environment() throws(Misuse) -> [String: String] {
        var variables: [String: String] = [:]
        for path in environmentFiles {
            for (name, value) in try EnvironmentFile(path: path).variables {
                variables[name] = value
            }
        }
        for (name, value) in variables { setenv(name, value, 0) }
        return ProcessInfo.processInfo.environment
    }

    func target(_ environment: [String: String]) -> ConnectionTarget {
        ConnectionTarget(
            database: database,
            host: host,
            port: port,
            user: user,
            environment: environment
        )
    }
}
