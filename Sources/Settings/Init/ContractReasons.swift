internal import Access
internal import Catalog
internal import Trials

/// Says in the words of GRANT why a file says what it says.
struct ContractReasons {
    let contract: RoleContract

    /// Why the role as a whole differs from its profile, one line for each list.
    func denying(_ operations: [Operation]) -> [String] { grouped(operations) }

    func allowing(_ operations: [Operation]) -> [String] {
        let (wide, plain) = split(operations)
        return grouped(plain) + grouped(wide).map { $0 + excess }
    }

    /// Why an entry under `tables` says something of the role.
    func reasons(for rules: OperationRules, on relations: Set<OID>) -> [String] {
        let cases = contract.cases.filter { relations.contains($0.relation) }
        func are(_ operation: Operation, _ isSo: (UsableRight) -> Bool) -> Bool {
            cases.contains { $0.operation == operation && isSo($0.right) }
        }
        var reasons: [String] = []
        let hidden = rules.deny.filter { are($0) { $0 == .hidden } }
        let lacking = rules.deny.filter { !hidden.contains($0) }
        if !lacking.isEmpty { reasons.append("no \(words(lacking))") }
        if !hidden.isEmpty {
            reasons.append("no policy for \(words(hidden)) although row security is on")
        }
        let unsaid = ContractCase.operations.filter { operation in
            are(operation) { $0 == .withoutKey }
        }
        if !unsaid.isEmpty,
            rules.operations != nil || !rules.allow.allSatisfy({ !unsaid.contains($0) })
        {
            reasons.append("\(words(unsaid)) without SELECT on the key")
        }
        let (wide, plain) = split(rules.allow.filter { !unsaid.contains($0) })
        if !plain.isEmpty { reasons.append(words(plain)) }
        if !wide.isEmpty { reasons.append(words(wide) + excess) }
        return reasons
    }

    /// Which of the operations the profile denies because they damage.
    private func split(_ operations: [Operation]) -> (wide: [Operation], plain: [Operation]) {
        let damaging: Set<Operation> = [.truncate, .drop, .setval]
        guard contract.profile != nil else { return ([], operations) }
        return (
            operations.filter(damaging.contains), operations.filter { !damaging.contains($0) }
        )
    }

    private var excess: String {
        ", more than a \(contract.profile?.name ?? "role") needs (see pgsmoke lint)"
    }

    /// Says on how many relations the privileges are held, those that are alike together.
    private func grouped(_ operations: [Operation]) -> [String] {
        operations.grouped(by: place).map { place, operations in
            let words = words(operations)
            return place.isEmpty ? "no \(words)" : "\(words) on \(place)"
        }
    }

    /// Where what an operation takes is held; empty for nowhere.
    private func place(of operation: Operation) -> String {
        let cases = contract.cases.filter { $0.operation == operation }
        let held = cases.count(where: \.isHeld)
        let what = [.nextval, .setval].contains(operation) ? "sequences" : "tables"
        if held == 0 { return "" }
        return held == cases.count ? "all \(what)" : "\(held) of \(cases.count) \(what)"
    }

    /// The privileges that operations take.
    private func words(_ operations: [Operation]) -> String {
        let words: [String?] = operations.map { operation in
            switch operation {
            case .insertReturning:
                operations.contains(.insert) || operations.contains(.select)
                    ? nil : "SELECT with INSERT"
            case .nextval: "USAGE"
            case .setval: "UPDATE (setval)"
            case .drop: "ownership (drop)"
            default: operation.rawValue.uppercased()
            }
        }
        return words.compactMap(\.self).joined(separator: ", ")
    }
}
