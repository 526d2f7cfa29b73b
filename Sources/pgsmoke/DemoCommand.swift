import ArgumentParser

/// `pgsmoke demo`: the incident on a private server.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the incident and its cure on a private, throw-away server.",
        helpNames: RootCommand.helpNames
    )

    func status() async -> Int32 { 70 }
}
