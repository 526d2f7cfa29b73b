import ArgumentParser

/// Where reports go, and how much the terminal shows.
struct ReportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write JUnit XML (- is stdout).", valueName: "file"))
    var junit: String?

    @Option(help: ArgumentHelp("Write JSON (- is stdout).", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp("Write the proven GRANTs as a script (- is stdout).", valueName: "file")
    )
    var fix: String?

    @Flag(name: .shortAndLong, help: "Show failures and the summary only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show every case.")
    var verbose = false

    func validate() throws {
        guard [junit, json, fix].count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError("Only one of --junit, --json and --fix can be '-', stdout.")
        }
    }

    /// Whether no file was asked for.
    var areAbsent: Bool { junit == nil && json == nil && fix == nil }

    /// Whether one of the reports goes to stdout.
    var takesStdout: Bool { [junit, json, fix].contains("-") }
}
