import ArgumentParser
import Trials

/// Which part of a run this is: by option, or as the CI system says that runs a job several times.
struct ShardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Try the I-th of N parts of the relations; without it, what CI_NODE_INDEX, "
                + "BUILDKITE_PARALLEL_JOB or CIRCLE_NODE_INDEX says. 1/1 is the whole.",
            valueName: "i/n"
        )
    )
    var shard: String?

    func validate() throws {
        guard let shard, Shard(shard) == nil else { return }
        throw ValidationError(
            "--shard takes the number of a part, from 1, and the number of parts, such as 2/4; "
                + "it was '\(PrintableText.line(shard))'."
        )
    }

    /// What a CI system tells its parallel jobs.
    private struct Variables {
        let index: String
        let count: String
        /// The first job's number.
        let first: Int
    }

    private static let known = [
        Variables(index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", first: 1),
        Variables(
            index: "BUILDKITE_PARALLEL_JOB",
            count: "BUILDKITE_PARALLEL_JOB_COUNT",
            first: 0
        ),
        Variables(index: "CIRCLE_NODE_INDEX", count: "CIRCLE_NODE_TOTAL", first: 0),
    ]

    /// Returns the part that was asked for, and the variables that asked for it; `nil` for the whole.
    ///
    /// - Throws: `Misuse` for variables that make no sense.
    func resolved(
        _ environment: [String: String]
    ) throws(Misuse) -> (shard: Shard, origin: String?)? {
        if let shard { return Shard(shard).map { ($0, nil) } }
        for variables in Self.known {
            if let shard = try Self.shard(variables, environment) {
                return shard.count == 1
                    ? nil : (shard, "\(variables.index) and \(variables.count)")
            }
        }
        return nil
    }

    private static func shard(
        _ variables: Variables,
        _ environment: [String: String]
    ) throws(Misuse) -> Shard? {
        let index = environment[variables.index] ?? ""
        let count = environment[variables.count] ?? ""
        // A job that is not run several times has a total of 1, or none at all, and no number.
        if index.isEmpty, count.isEmpty || count == "1" { return nil }
        if let number = Shard.number(index), let total = Shard.number(count), !index.isEmpty,
            let shard = Shard(index: number - variables.first + 1, count: total)
        {
            return shard
        }
        throw Misuse(
            message: "\(variables.index) is '\(PrintableText.line(index))' and \(variables.count) "
                + "is '\(PrintableText.line(count))'; they must be a number from \(variables.first) "
                + "and the number of jobs, or --shard I/N must say which part this is"
        )
    }
}
