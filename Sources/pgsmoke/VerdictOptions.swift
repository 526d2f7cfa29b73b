import ArgumentParser
import Glibc
import Reports
import Trials

/// What fails a run, and what does not.
struct VerdictOptions: ParsableArguments {
    @Flag(help: "Let inconclusive, vacuous and skipped results fail the run, too.")
    var strict = false

    @Option(
        help: ArgumentHelp(
            "The JSON report of an earlier run: what failed there for the same reason is shown as "
                + "known and does not fail this run.",
            valueName: "file"
        )
    )
    var baseline: String?

    @Option(
        help: ArgumentHelp(
            "Write what fails now as a baseline, if the run comes to its end.",
            valueName: "file"
        )
    )
    var writeBaseline: String?

    @Flag(help: "End with 0 also if expectations failed (instead of 1).")
    var exitZero = false

    @Flag(help: "End with 0 also if nothing was tried (instead of 3).")
    var allowEmpty = false

    func validate() throws {
        guard baseline?.isEmpty != true, writeBaseline?.isEmpty != true else {
            throw ValidationError(
                "--baseline and --write-baseline take the name of a file, not an empty one."
            )
        }
        guard baseline != "-", writeBaseline != "-" else {
            throw ValidationError("--baseline and --write-baseline take a file, not '-'.")
        }
    }

    /// Whether none of the options was given.
    var areAbsent: Bool {
        !strict && baseline == nil && writeBaseline == nil && !exitZero && !allowEmpty
    }

    /// Reads the baseline.
    ///
    /// - Throws: `Misuse` for one that cannot be read.
    func policy() throws(Misuse) -> VerdictPolicy {
        var policy = VerdictPolicy(
            isStrict: strict,
            letsFailuresPass: exitZero,
            letsEmptinessPass: allowEmpty
        )
        if let baseline {
            policy.baseline = Baseline(
                try StoredReport.read(
                    baseline,
                    as: "--baseline",
                    cure: "write it anew with --write-baseline"
                )
            )
        }
        return policy
    }
}
