import ArgumentParser
import Settings
import Trials

/// The value of `--operations`: names with commas between them.
struct OperationList: ExpressibleByArgument {
    let operations: [Trials.Operation]

    /// Reads a list; `nil` if a name in it is no operation, or if it is empty.
    init?(argument: String) {
        var operations: [Trials.Operation] = []
        for name in argument.split(separator: ",").map({ $0.filter { $0 != " " } }) {
            guard let operation = Trials.Operation(rawValue: name),
                Trials.Operation.declarable.contains(operation)
            else { return nil }
            operations.append(operation)
        }
        guard !operations.isEmpty else { return nil }
        self.operations = operations
    }

    /// The names that can stand in a list.
    static let known = Trials.Operation.declarable.map(\.rawValue).joined(separator: ", ")

    /// Lets the parser say which names there are.
    static var allValueStrings: [String] { Trials.Operation.declarable.map(\.rawValue) }
}
