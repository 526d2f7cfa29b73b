package import Catalog
package import Trials

/// What a file says of one role so that it holds for the grants as they are: the nearest profile and
/// the exceptions.
package struct RoleContract: Sendable {
    typealias Side = ContractCase.Side

    /// `nil` if no profile comes near.
    package private(set) var profile: Profile?
    /// What is said of each operation wherever nothing else is.
    package private(set) var sides: [Operation: ContractCase.Side] = [:]
    /// Where whole schemas differ from that.
    package private(set) var schemas: [String: OperationRules] = [:]
    /// Where single relations differ from that.
    package private(set) var relations: [OID: OperationRules] = [:]
    let cases: [ContractCase]

    /// Chooses what to say.
    ///
    /// `patterned` are the schemas of which one entry may speak.
    package init(of cases: [ContractCase], patterned: Set<String> = []) {
        self.cases = cases
        let used = Self.used(in: cases)
        let nearest = Self.nearest(to: used)
        let plan = Plan(
            cases,
            // One schema is all that there is: what is said of the role says it.
            patterned: Set(cases.map(\.schema)).count > 1 ? patterned : []
        )
        var choices = ContractCase.operations.map {
            plan.choice(of: $0, usually: nearest.side(of: $0))
        }
        let isFar = Self.distance(nearest, used) > Self.farthest
        // What a profile names cannot be left unsaid.
        let isUnsaid = choices.contains {
            $0.side == .unsaid && nearest.side(of: $0.operation) != .unsaid
        }
        if isFar || isUnsaid {
            // A serial's sequence belongs to the insert, whether it is granted or forgotten.
            choices = ContractCase.operations.map { operation in
                let isDrawn = operation == .nextval && used.contains(.insert)
                return plan.choice(of: operation, usually: isDrawn ? .allowed : nil)
            }
        } else {
            profile = nearest
        }
        var flipped: [String: [Operation: Side]] = [:]
        for choice in choices {
            sides[choice.operation] = choice.side
            for (schema, side) in choice.schemas {
                flipped[schema, default: [:]][choice.operation] = side
            }
        }
        schemas = flipped.mapValues { Self.rules($0) }
        relations = exceptions(beside: flipped)
    }

    /// How many operations a profile may differ in and still say more than lists do.
    private static let farthest = 3

    /// The operations that the role may use on most of what it may use at all.
    private static func used(in cases: [ContractCase]) -> Set<Operation> {
        let held = Set(cases.filter(\.isHeld).map(\.relation))
        let relevant = cases.filter { held.contains($0.relation) && $0.isTriedAsAllowed }
        let sequenced = cases.filter { held.contains($0.relation) && $0.operation == .setval }
        return Set(
            ContractCase.operations.filter { operation in
                let asked = (operation == .setval ? sequenced : relevant)
                    .filter { $0.operation == operation }
                return !asked.isEmpty && asked.count(where: \.isHeld) * 2 >= asked.count
            }
        )
    }

    /// Who can drop what it uses migrates; who changes rows writes; all others read.
    private static func nearest(to used: Set<Operation>) -> Profile {
        let name =
            used.contains(.drop)
            ? "migrator" : used.isDisjoint(with: [.insert, .update, .delete]) ? "reader" : "writer"
        return Profile.builtIn.first { $0.name == name } ?? Profile.builtIn[0]
    }

    private static func distance(_ profile: Profile, _ used: Set<Operation>) -> Int {
        // What depends on other grants says nothing of its own.
        ContractCase.operations.count { operation in
            operation != .nextval && operation != .setval
                && profile.stance.allowed.contains(operation) != used.contains(operation)
        }
    }

    private static func rules(_ sides: [Operation: Side]) -> OperationRules {
        let operations = sides.keys.sorted()
        return OperationRules(
            allow: operations.filter { sides[$0] == .allowed },
            deny: operations.filter { sides[$0] == .denied }
        )
    }

    /// What must be said of single relations when all else is said.
    private func exceptions(beside schemas: [String: [Operation: Side]]) -> [OID: OperationRules] {
        var exceptions: [OID: OperationRules] = [:]
        for (relation, cases) in Dictionary(grouping: cases, by: \.relation) {
            func side(of operation: Operation) -> Side {
                schemas[cases[0].schema]?[operation] ?? sides[operation] ?? .unsaid
            }
            let wrong = cases.filter { !$0.holds(side(of: $0.operation)) }
            guard !wrong.isEmpty else { continue }
            let isUnsaid = wrong.contains {
                $0.side == .unsaid && side(of: $0.operation) == .allowed
            }
            var rules = Self.rules(
                Dictionary(
                    wrong.map { ($0.operation, $0.side == .unsaid ? .allowed : $0.side) }
                ) { first, _ in first }
            )
            if isUnsaid {
                // The list takes the place of all that is allowed.
                rules.operations = cases.filter(\.isHeld).map(\.operation).sorted()
                rules.allow = []
            }
            exceptions[relation] = rules
        }
        return exceptions
    }
}

/// Weighs what to say of an operation everywhere against the exceptions that remain.
private struct Plan {
    typealias Side = ContractCase.Side

    private let cases: [Operation: [String: [ContractCase]]]
    private let patterned: Set<String>

    init(_ cases: [ContractCase], patterned: Set<String>) {
        self.cases = Dictionary(grouping: cases, by: \.operation)
            .mapValues { Dictionary(grouping: $0, by: \.schema) }
        self.patterned = patterned
    }

    struct Choice {
        let operation: Operation
        var side: Side
        var cost: Int
        /// The schemas where the other side takes fewer words.
        var schemas: [String: Side] = [:]
    }

    /// The side with the fewest exceptions; the usual one if another is no better.
    func choice(of operation: Operation, usually usual: Side?) -> Choice {
        let sides = [usual, .denied, .allowed, .unsaid].compactMap(\.self)
        let choices = sides.map { side in
            // To forbid more than usual is worth a line of the role's rather than of a table's.
            let price = side == usual ? 0 : side == .denied ? 9 : 10
            var choice = Choice(operation: operation, side: side, cost: price)
            for (schema, cases) in cases[operation] ?? [:] {
                let (cost, flip) = weigh(cases, schema, under: side)
                choice.cost += cost
                if side == .allowed, side != usual {
                    choice.cost += 5 * cases.count(where: \.isLostIfAllowed)
                }
                if let flip { choice.schemas[schema] = flip }
            }
            return choice
        }
        return choices.dropFirst().reduce(choices[0]) { $1.cost < $0.cost ? $1 : $0 }
    }

    private func weigh(
        _ cases: [ContractCase],
        _ schema: String,
        under side: Side
    ) -> (cost: Int, flip: Side?) {
        func cost(_ side: Side) -> Int { cases.reduce(0) { $0 + $1.cost(under: side) } }
        let plain = cost(side)
        guard patterned.contains(schema), plain > 10 else { return (plain, nil) }
        let flips = [Side.allowed, .denied].filter { $0 != side }
            .map { (cost: 15 + cost($0), flip: $0) }
        guard let best = flips.min(by: { $0.cost < $1.cost }), best.cost < plain else {
            return (plain, nil)
        }
        return (best.cost, best.flip)
    }
}

extension Profile {
    /// What the profile says of an operation.
    func side(of operation: Operation) -> ContractCase.Side {
        if stance.allowed.contains(operation) { return .allowed }
        return stance.denied.contains(operation) ? .denied : .unsaid
    }
}
