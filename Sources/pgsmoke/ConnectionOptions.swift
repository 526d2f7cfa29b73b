import ArgumentParser
import Postgres

/// Where to connect, in psql's letters.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("d"), .customLong("dbname")],
        help: ArgumentHelp("Database name, conninfo string or URI.", valueName: "dbname")
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
