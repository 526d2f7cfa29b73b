/// One expectation that is carried out: a role, an operation, an object.
package struct Trial: Sendable, Hashable {
    package var role: String
    package var operation: Operation
    package var object: ObjectName
    package var expected: Expectation
    /// Whether the expectation was read from the grants that are there, not declared by the user.
    package var isInferred: Bool
    /// The code of the rule that found something, for `lint` alone.
    package var rule: String?
    /// The role that makes the table of a future trial.
    package var creator: String?

    package init(
        role: String,
        operation: Operation,
        object: ObjectName,
        expected: Expectation = .allowed,
        isInferred: Bool = false,
        rule: String? = nil,
        creator: String? = nil
    ) {
        self.role = role
        self.operation = operation
        self.object = object
        self.expected = expected
        self.isInferred = isInferred
        self.rule = rule
        self.creator = creator
    }

    /// Whether it stands for a run that never came to its trials, not for one of its roles.
    package var isOfWholeRun: Bool { operation == .connect && object.kind != .role }

    /// The case's name, the same in every run and every report format.
    package var name: String { CaseName.name(of: self) }
}
