import ArgumentParser

/// When a run ends before everything is tried.
struct EndingOptions: ParsableArguments {
    @Flag(help: "Begin no more trials after the first failure; the rest is skipped.")
    var failFast = false

    @Option(
        help: ArgumentHelp(
            "Longest time for the whole run; what was not tried by then is skipped, and the run ends "
                + "with 2.",
            valueName: "seconds"
        )
    )
    var timeLimit: Double?

    func validate() throws {
        guard timeLimit.map({ (0.001...1_000_000).contains($0) }) ?? true else {
            throw ValidationError("--time-limit takes a number of seconds above 0.")
        }
    }
}
