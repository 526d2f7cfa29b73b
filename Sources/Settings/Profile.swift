package import Trials

/// What a role is expected to be able to do, and not to do, with one relation.
package struct Stance: Sendable, Hashable {
    package var allowed: Set<Operation> = []
    package var denied: Set<Operation> = []
    /// Whether nobody has said it: what depends on other privileges is then asked only with them.
    package var isByDefault = false

    package init(
        allowed: Set<Operation> = [],
        denied: Set<Operation> = [],
        isByDefault: Bool = false
    ) {
        self.allowed = allowed
        self.denied = denied
        self.isByDefault = isByDefault
    }

    /// Expects what `--role` means.
    package static let declared = Stance(
        allowed: [.insert, .insertReturning, .nextval],
        isByDefault: true
    )

    /// What is expected of an operation; `nil` if nothing is.
    func expectation(of operation: Operation) -> Expectation? {
        if denied.contains(operation) { return .denied }
        return allowed.contains(operation) ? .allowed : nil
    }

    /// Leaves of it what is to be tried.
    func narrowed(to operations: [Operation]?) -> Stance {
        guard let operations else { return self }
        return Stance(
            allowed: allowed.intersection(operations),
            denied: denied.intersection(operations),
            isByDefault: isByDefault
        )
    }

    /// Expects what a list says, whatever was expected before.
    mutating func apply(_ rules: OperationRules) {
        isByDefault = false
        if let profile = rules.profile { self = profile.stance }
        if let operations = rules.operations { allowed = Set(operations) }
        allowed.formUnion(rules.allow)
        denied.subtract(rules.operations ?? [])
        denied.subtract(rules.allow)
        denied.formUnion(rules.deny)
        allowed.subtract(rules.deny)
    }
}

/// What the file says of a role, everywhere or on some relations.
package struct OperationRules: Sendable, Hashable {
    package var profile: Profile?
    /// Takes the place of what the profile allows.
    package var operations: [Operation]?
    /// Added to what the profile allows.
    package var allow: [Operation] = []
    package var deny: [Operation] = []

    /// Whether nothing is said.
    var isEmpty: Bool { profile == nil && operations == nil && allow.isEmpty && deny.isEmpty }
}

/// A named stance.
package struct Profile: Sendable, Hashable {
    package let name: String
    package let stance: Stance

    package init(name: String, stance: Stance) {
        self.name = name
        self.stance = stance
    }

    /// The profiles that pgsmoke brings with it.
    package static let builtIn: [Profile] = {
        let reading: Set<Operation> = [.select]
        let writing: Set<Operation> = [.insert, .insertReturning, .update, .delete, .nextval]
        let damaging: Set<Operation> = [.truncate, .drop, .setval]
        return [
            Profile(
                name: "writer",
                stance: Stance(allowed: reading.union(writing), denied: damaging)
            ),
            Profile(
                name: "reader",
                stance: Stance(
                    allowed: reading,
                    denied: writing.subtracting([.insertReturning]).union(damaging)
                )
            ),
            Profile(
                name: "migrator",
                stance: Stance(allowed: reading.union(writing).union(damaging))
            ),
        ]
    }()
}
