internal import Access
internal import Catalog
internal import Trials

/// The entries under `tables`: what schemas and relations, those that are alike together, say of roles.
struct ContractTables {
    /// One or more patterns under which the same is said.
    struct Group {
        var patterns: [RelationPattern]
        /// How many relations are meant; `nil` for all of a schema.
        let count: Int?
        let rules: [(entry: Contract.Entry, rules: OperationRules)]
        let relations: Set<OID>
    }

    private(set) var groups: [Group] = []

    init(_ contract: Contract) {
        addSchemas(contract)
        addRelations(contract)
        tellApart()
    }

    /// Gives every pattern a text of its own.
    private mutating func tellApart() {
        var seen: Set<String> = []
        for group in groups.indices {
            for index in groups[group].patterns.indices {
                while !seen.insert(groups[group].patterns[index].text).inserted {
                    groups[group].patterns[index].reshape()
                }
            }
        }
    }

    private mutating func addSchemas(_ contract: Contract) {
        let relations = contract.objects.relations + contract.objects.drawnSequences
        for schema in Set(contract.entries.flatMap { $0.contract.schemas.keys }).sorted() {
            groups.append(
                Group(
                    patterns: [RelationPattern.all(of: schema)],
                    count: nil,
                    rules: contract.entries.compactMap { entry in
                        entry.contract.schemas[schema].map { (entry, $0) }
                    },
                    relations: Set(relations.filter { $0.schema == schema }.map(\.oid))
                )
            )
        }
    }

    /// Relations of one schema of which the same is said.
    private struct Likeness: Hashable {
        let schema: String
        /// By the roles' places.
        let rules: [Int: OperationRules]
    }

    private mutating func addRelations(_ contract: Contract) {
        let alike = contract.access.snapshot.orderedRelations.grouped { relation in
            let rules = contract.entries.enumerated().reduce(into: [Int: OperationRules]()) {
                $0[$1.offset] = $1.element.contract.relations[relation.oid]
            }
            return Likeness(schema: relation.schema, rules: rules)
        }
        groups += alike.filter { !$0.key.rules.isEmpty }.map { likeness, relations in
            Group(
                patterns: RelationPattern.patterns(for: relations),
                count: relations.count,
                rules: likeness.rules.sorted { $0.key < $1.key }.map {
                    (contract.entries[$0.key], $0.value)
                },
                relations: Set(relations.map(\.oid))
            )
        }
    }
}
