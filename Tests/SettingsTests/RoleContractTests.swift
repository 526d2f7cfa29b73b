import Access
import Catalog
import Testing
import Trials

@testable import Settings

/// The nearest profile and its exceptions, from what the grants say of operations.
@Suite struct RoleContractTests {
    private static let writing: Set<Trials.Operation> = [
        .select, .insert, .insertReturning, .update, .delete,
    ]

    /// The cases of tables of which a role holds the same, each with its sequence.
    private func tables(
        _ numbers: ClosedRange<OID>,
        in schema: String = "public",
        holding held: Set<Trials.Operation>
    ) -> [ContractCase] {
        numbers.flatMap { number in
            ContractCase.operations.map { operation in
                let isSequence = operation == .nextval || operation == .setval
                return ContractCase(
                    operation,
                    on: isSequence ? 1_000 + number : number,
                    in: schema,
                    held.contains(operation) ? .held : .lacking,
                    isTriedAsAllowed: !isSequence
                )
            }
        }
    }

    private func exceptions(_ contract: RoleContract) -> [OID] { contract.relations.keys.sorted() }

    @Test("What fits a profile needs no more words")
    func profiles() {
        for profile in Profile.builtIn {
            let contract = RoleContract(of: tables(1...9, holding: profile.stance.allowed))
            #expect(contract.profile == profile)
            #expect(contract.lists.allow.isEmpty && contract.lists.deny.isEmpty)
            #expect(contract.relations.isEmpty && contract.schemas.isEmpty)
        }
    }

    @Test("What a single table differs in stands with the table")
    func singleTable() {
        let contract = RoleContract(
            of: tables(1...9, holding: Self.writing.union([.nextval]))
                + tables(10...10, holding: [.select, .nextval])
        )
        #expect(contract.profile?.name == "writer" && contract.lists.deny.isEmpty)
        #expect(
            contract.relations == [
                10: OperationRules(deny: [.insert, .insertReturning, .update, .delete])
            ]
        )
    }

    @Test("What most tables differ in stands with the role, the others with the tables")
    func mostTables() {
        let contract = RoleContract(
            of: tables(1...9, holding: [.select, .insert, .insertReturning])
                + tables(10...10, holding: Self.writing)
        )
        #expect(contract.profile?.name == "writer")
        #expect(contract.lists.deny == [.update, .delete])
        #expect(contract.relations == [10: OperationRules(allow: [.update, .delete])])
    }

    @Test("A role that reads a few tables is a reader of those")
    func fewTables() {
        let contract = RoleContract(
            of: tables(1...57, holding: []) + tables(58...60, holding: [.select])
        )
        #expect(contract.profile?.name == "reader" && contract.lists.deny == [.select])
        #expect(exceptions(contract) == [58, 59, 60])
        #expect(contract.relations[58] == OperationRules(allow: [.select]))
    }

    @Test("A reader that writes into few tables stays a reader")
    func readerThatWrites() {
        let contract = RoleContract(
            of: tables(1...50, holding: [.select])
                + tables(51...52, holding: [.select, .insert, .insertReturning, .nextval])
        )
        #expect(contract.profile?.name == "reader")
        #expect(contract.lists.allow.isEmpty && contract.lists.deny.isEmpty)
        #expect(contract.relations[51] == OperationRules(allow: [.insert, .insertReturning]))
        #expect(contract.relations[1_051] == OperationRules(allow: [.nextval]))
    }

    @Test("Who owns nothing is a writer that may too much, not a migrator that may too little")
    func everythingGranted() {
        let contract = RoleContract(
            of: tables(1...9, holding: Self.writing.union([.truncate, .nextval, .setval]))
        )
        #expect(contract.profile?.name == "writer")
        #expect(contract.lists.allow == [.setval, .truncate])
    }

    @Test("Sequences that were forgotten are not forbidden")
    func forgottenSequences() {
        let contract = RoleContract(of: tables(1...9, holding: Self.writing))
        #expect(contract.profile?.name == "writer")
        #expect(contract.lists.deny.isEmpty && contract.relations.isEmpty)
    }

    @Test("UPDATE on one sequence is that sequence's exception")
    func oneSequence() {
        let contract = RoleContract(
            of: tables(1...1, holding: Self.writing.union([.nextval, .setval]))
                + tables(2...9, holding: Self.writing.union([.nextval]))
        )
        #expect(contract.lists.allow.isEmpty)
        #expect(contract.relations == [1_001: OperationRules(allow: [.setval])])
    }

    @Test("What no profile comes near is said in lists")
    func lists() {
        let contract = RoleContract(of: tables(1...9, holding: [.insert]))
        #expect(contract.profile == nil && contract.relations.isEmpty)
        // The sequences, which are not granted, belong to the insert.
        #expect(contract.lists.allow == [.insert, .nextval])
        #expect(contract.lists.deny.contains(.select) && contract.lists.deny.contains(.truncate))
    }

    @Test("A schema that differs is one entry where one may be, else each of its tables is")
    func schemas() {
        let cases =
            tables(1...5, in: "own", holding: Self.writing)
            + tables(11...14, in: "other", holding: [])
        let contract = RoleContract(of: cases, patterned: ["own", "other"])
        #expect(contract.profile?.name == "writer" && contract.relations.isEmpty)
        #expect(
            contract.schemas == [
                "other": OperationRules(deny: [
                    .insert, .insertReturning, .select, .update, .delete,
                ])
            ]
        )
        #expect(exceptions(RoleContract(of: cases)) == [11, 12, 13, 14])
    }

    @Test("A writer of one schema among many is closed everywhere else")
    func manySchemas() {
        var cases = tables(1...5, in: "own", holding: Self.writing)
        for number in OID(1)...20 {
            cases += tables(number * 10...number * 10 + 3, in: "s\(number)", holding: [])
        }
        let contract = RoleContract(of: cases, patterned: Set(cases.map(\.schema)))
        #expect(contract.profile?.name == "writer" && contract.relations.isEmpty)
        #expect(Set(contract.lists.deny).isSuperset(of: Self.writing))
        #expect(contract.schemas.keys.sorted() == ["own"])
    }

    @Test("What cannot be tried for want of the key is left unsaid")
    func withoutKey() {
        var cases = tables(1...9, holding: Self.writing)
        for operation in [Trials.Operation.select, .insertReturning, .update, .delete] {
            cases.removeAll { $0.relation == 1 && $0.operation == operation }
            let isReading = operation == .select || operation == .insertReturning
            cases.append(
                ContractCase(
                    operation,
                    on: 1,
                    in: "public",
                    isReading ? .lacking : .withoutKey
                )
            )
        }
        let contract = RoleContract(of: cases)
        #expect(
            contract.relations == [
                1: OperationRules(operations: [.insert], deny: [.insertReturning, .select])
            ]
        )
    }

    @Test("Where no policy lets a row through the operation is denied")
    func hidden() {
        var cases = tables(1...9, holding: Self.writing)
        cases.removeAll { $0.relation == 1 && $0.operation == .select }
        cases.append(ContractCase(.select, on: 1, in: "public", .hidden))
        #expect(RoleContract(of: cases).relations == [1: OperationRules(deny: [.select])])
    }

    @Test("Nothing held at all is a reader that reads nothing")
    func nothing() {
        let contract = RoleContract(of: tables(1...3, holding: []))
        #expect(contract.profile?.name == "reader" && contract.lists.deny == [.select])
        #expect(RoleContract(of: []).relations.isEmpty)
    }
}
