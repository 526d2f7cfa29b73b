package import Access
package import Catalog
package import Trials

/// One operation on one relation, and what the grants of a role say of it.
package struct ContractCase: Sendable, Hashable {
    package let operation: Operation
    package let relation: OID
    package let schema: String
    package let right: UsableRight
    /// Whether a run tries it if it is expected to be allowed, and if it is expected to be denied.
    package let isTriedAsAllowed, isTriedAsDenied: Bool

    package init(
        _ operation: Operation,
        on relation: OID,
        in schema: String,
        _ right: UsableRight,
        isTriedAsAllowed: Bool = true,
        isTriedAsDenied: Bool = true
    ) {
        self.operation = operation
        self.relation = relation
        self.schema = schema
        self.right = right
        self.isTriedAsAllowed = isTriedAsAllowed
        self.isTriedAsDenied = isTriedAsDenied
    }

    /// What a file can say of an operation.
    package enum Side: Sendable, Hashable, CaseIterable {
        case allowed
        case denied
        case unsaid
    }

    var isHeld: Bool { right == .held }

    /// Whether a run right after it would find what is expected.
    func holds(_ side: Side) -> Bool {
        switch (side, right) {
        case (.allowed, .held), (.denied, .lacking), (.denied, .hidden): true
        case (.allowed, _): !isTriedAsAllowed
        case (.denied, _): !isTriedAsDenied
        case (.unsaid, .withoutKey): true
        // What is held, or must not be, should be said; what an insert says need not be said again.
        case (.unsaid, .held): !isTriedAsAllowed && !isTriedAsDenied
        case (.unsaid, _): !isTriedAsDenied || operation == .insertReturning
        }
    }

    /// What the file must say for it to hold.
    var side: Side {
        switch right {
        case .held: .allowed
        case .lacking, .hidden: .denied
        case .withoutKey: .unsaid
        }
    }

    /// What it takes, in tenths of an exception, where another side is taken everywhere else.
    ///
    /// Under `deny` nothing can be left unsaid.
    func cost(under side: Side) -> Int {
        if holds(side) { return 0 }
        return self.side == .unsaid && side == .denied ? 30 : 10
    }

    /// Whether it is a denial that nobody would look at if the operation were allowed everywhere else.
    var isLostIfAllowed: Bool { right == .lacking && isTriedAsDenied && !isTriedAsAllowed }
}

extension ContractCase {
    /// The operations that the built-in profiles are about, in the order in which they are listed.
    package static let operations = Operation.allCases.filter { operation in
        Profile.builtIn.contains {
            $0.stance.allowed.union($0.stance.denied).contains(operation)
        }
    }

    /// Returns the cases of a role: what a run would try of it under any profile.
    static func cases(
        of role: Role,
        on objects: ExpectedObjects,
        _ access: AccessMap
    ) -> [ContractCase] {
        let asAllowed = tried(OperationRules(allow: operations), role, objects, access)
        let asDenied = tried(OperationRules(deny: operations), role, objects, access)
        let principal = access.principal(access.loginRole(of: role).oid)
        return (objects.relations + objects.drawnSequences).flatMap { relation in
            operations.compactMap { operation in
                let isTriedAsAllowed = asAllowed[relation.oid]?.contains(operation) ?? false
                let isTriedAsDenied = asDenied[relation.oid]?.contains(operation) ?? false
                guard isTriedAsAllowed || isTriedAsDenied else { return nil }
                // A foreign table that nobody names is left alone.
                if relation.kind == .foreignTable, !operation.isDecidedByCatalog { return nil }
                return ContractCase(
                    operation,
                    on: relation.oid,
                    in: relation.schema,
                    access.usableRight(to: operation, principal, on: relation),
                    isTriedAsAllowed: isTriedAsAllowed,
                    isTriedAsDenied: isTriedAsDenied
                )
            }
        }
    }

    private static func tried(
        _ rules: OperationRules,
        _ role: Role,
        _ objects: ExpectedObjects,
        _ access: AccessMap
    ) -> [OID: Set<Operation>] {
        var file = SettingsFile(path: "")
        file.roles = [RoleEntry(name: Placed(role.name, line: 1), rules: rules)]
        let expectations = try? Expectations(
            following: RelationRules(file, matching: []),
            narrowedTo: [],
            operations: nil,
            on: objects,
            access
        )
        var tried: [OID: Set<Operation>] = [:]
        for trial in expectations?.trials ?? [] {
            guard let relation = access.snapshot.relationsByName[trial.object] else { continue }
            tried[relation.oid, default: []].insert(trial.operation)
        }
        return tried
    }
}
