package import Access
internal import Catalog
package import Trials

/// Who is expected to be able to do what, and who must not: declared by the user or, failing that,
/// read from the grants.
package struct Expectations: Sendable {
    /// By role in the order given, or by name; then by schema and relation; then by operation.
    package private(set) var trials: [Trial] = []
    /// What cannot be asked what is expected or, without declared roles, is open to nobody.
    package private(set) var leftOut: [LeftOut] = []
    /// Pairs of role and relation that the file speaks of without saying what is expected.
    package private(set) var uncovered: [Trial] = []
    /// The roles that write, for whom the next migration's tables matter.
    package private(set) var writers: Set<String> = []
    /// Why relations cannot be asked, until something else is asked of them.
    private var obstacles: [(relation: Relation, reason: String)] = []
    private let objects: ExpectedObjects

    private init(_ objects: ExpectedObjects) { self.objects = objects }

    /// Expects each of the roles to carry out the operations on everything that can be asked them.
    ///
    /// Without a list that is an insert everywhere, one that returns its key where the role may read,
    /// and `nextval` on the sequences that no default reaches.
    ///
    /// - Throws: `UnknownRole`.
    package init(
        declaring names: [String],
        operations: [Operation]?,
        on objects: ExpectedObjects,
        _ access: AccessMap
    ) throws(UnknownRole) {
        self.init(objects)
        for role in try Self.known(names, access) {
            let stance = operations.map { Stance(allowed: Set($0)) } ?? .declared
            for relation in objects.relations {
                expect(stance, of: role, on: relation, operations != nil, access)
            }
            expectOfSchemas(stance, of: role.name)
        }
        finish()
    }

    /// Expects each role that holds INSERT, SELECT, UPDATE or DELETE, or that is there to be used and
    /// can come by it, to be able to use it.
    ///
    /// A role counts if it may log in, or if a LOGIN role may SET ROLE to it and none inherits from
    /// it: a mere group holds half of what its members need. Superusers, predefined roles, a table's
    /// owner and strangers are left out. A forgotten table GRANT cannot be seen this way, so
    /// relations into which no such role may insert are listed.
    package init(
        inferringFrom access: AccessMap,
        operations: [Operation]?,
        on objects: ExpectedObjects
    ) {
        self.init(objects)
        var inferred: [(role: String, trials: [Trial])] = []
        var strangers: [Role] = []
        let grantees = access.grantees
        for operation in Self.inferable where operations?.contains(operation) ?? true {
            let targets = objects.relations.filter { relation in
                relation.kind != .sequence
                    && access.snapshot.obstacle(to: operation, on: relation) == nil
            }
            let found = access.inferredHolders(
                of: operation.inferredPrivilege,
                on: targets,
                among: grantees
            )
            for holder in found.holders {
                let trials = holder.relations.map {
                    Trial(
                        role: holder.role.name,
                        operation: operation,
                        object: $0.objectName,
                        isInferred: true
                    )
                }
                inferred.append((holder.role.name, trials))
            }
            strangers += found.strangers.filter { stranger in
                !strangers.contains { $0.oid == stranger.oid }
            }
            if operation == .insert { leaveOutUnwritten(targets, found.holders, access) }
        }
        let places = Dictionary(
            objects.relations.enumerated().map { ($1.objectName, $0) }
        ) { first, _ in first }
        trials = inferred.flatMap(\.trials).sorted { left, right in
            guard left.role == right.role else { return left.role < right.role }
            let (first, second) = (places[left.object] ?? 0, places[right.object] ?? 0)
            return first == second ? left.operation < right.operation : first < second
        }
        leftOut += strangers.filter { stranger in !trials.contains { $0.role == stranger.name } }
            .map {
                LeftOut(
                    object: ObjectName(kind: .role, schema: nil, name: $0.name),
                    reason: "holds nothing in this database but what PUBLIC holds"
                )
            }
    }

    private static let inferable: [Operation] = [.insert, .select, .update, .delete]

    /// Lists what no role under trial may insert into: a forgotten GRANT looks like that.
    private mutating func leaveOutUnwritten(
        _ targets: [Relation],
        _ holders: [InferredHolder],
        _ access: AccessMap
    ) {
        let granted = holders.reduce(into: Set<OID>()) { $0.formUnion($1.granted) }
        // Who migrates as the owner's member reaches every table and hides those that nobody writes.
        let reached =
            granted.isEmpty ? Set(holders.flatMap(\.relations).map(\.oid)) : granted
        leftOut += targets.filter { !reached.contains($0.oid) }.map {
            LeftOut(object: $0.objectName, reason: "no application role may insert into it")
        }
    }

    /// Expects what the file says of its roles, or of those among them that are named.
    ///
    /// A named role that the file does not know is expected to insert everywhere. Operations narrow
    /// what is tried.
    ///
    /// - Throws: `UnknownRole`.
    package init(
        following rules: RelationRules,
        narrowedTo names: [String],
        operations: [Operation]?,
        on objects: ExpectedObjects,
        _ access: AccessMap
    ) throws(UnknownRole) {
        self.init(objects)
        let all = names.isEmpty ? rules.file.roleNames.map(\.value) : names
        for role in try Self.known(all, access) {
            let name = role.name
            for relation in objects.relations {
                guard let stance = rules.stance(of: name, on: relation.oid) else {
                    addUncovered(name, relation, access)
                    continue
                }
                let isChosen = rules.isNamed(relation.oid)
                expect(stance.narrowed(to: operations), of: role, on: relation, isChosen, access)
            }
            for sequence in objects.drawnSequences {
                guard let stance = rules.stance(of: name, on: sequence.oid) else { continue }
                expectDenial(stance.narrowed(to: operations), of: name, on: sequence)
            }
            guard let stance = rules.stance(of: name)?.narrowed(to: operations) else { continue }
            expectOfSchemas(stance, of: name)
            if rules.triesFuture(name) { writers.insert(name) }
        }
        finish()
    }

    private typealias KnownRole = (name: String, principal: Principal)

    private static func known(
        _ names: [String],
        _ access: AccessMap
    ) throws(UnknownRole) -> [KnownRole] {
        let roles = access.snapshot.rolesByName
        var seen = ExactNames<Bool>()
        var known: [KnownRole] = []
        for name in names where seen[name] == nil {
            seen[name] = true
            guard let role = roles[name] else {
                throw UnknownRole(name: name, known: roles.names)
            }
            known.append((name, access.principal(role.oid)))
        }
        return known
    }

    /// Expects a stance on one relation; `isChosen` if the user named the relation or the operation.
    private mutating func expect(
        _ stance: Stance,
        of role: KnownRole,
        on relation: Relation,
        _ isChosen: Bool,
        _ access: AccessMap
    ) {
        for operation in Operation.declarable where operation.concernsRelations {
            guard let expected = stance.expectation(of: operation) else { continue }
            if let reason = access.snapshot.obstacle(to: operation, on: relation) {
                if relation.kind != .sequence { obstacles.append((relation, reason)) }
                continue
            }
            if expected == .allowed, !isChosen, objects.drawnByCode.contains(relation.oid) {
                continue
            }
            if operation == .insertReturning, stance.isByDefault,
                !access.hasAny(role.principal, .select, on: relation)
            {
                continue
            }
            trials.append(
                Trial(
                    role: role.name,
                    operation: operation,
                    object: relation.objectName,
                    expected: expected
                )
            )
        }
    }

    /// Expects that a sequence which defaults draw from is not set, nor drawn from directly: a role
    /// that may insert needs no more, and the insert shows that.
    private mutating func expectDenial(
        _ stance: Stance,
        of role: String,
        on sequence: Relation
    ) {
        let isIdentity = objects.identitySequences.contains(sequence.oid)
        // Nor `drop`: whoever owns the table owns the sequence, and drops both.
        for operation in isIdentity ? [Operation.setval] : [.nextval, .currval, .setval]
        where stance.denied.contains(operation) {
            trials.append(
                Trial(
                    role: role,
                    operation: operation,
                    object: sequence.objectName,
                    expected: .denied
                )
            )
        }
    }

    /// Expects what concerns schemas and routines.
    private mutating func expectOfSchemas(_ stance: Stance, of role: String) {
        for (operation, names) in [
            (Operation.create, objects.schemas), (.execute, objects.routines),
        ] {
            guard let expected = stance.expectation(of: operation) else { continue }
            trials += names.map {
                Trial(role: role, operation: operation, object: $0, expected: expected)
            }
        }
    }

    private mutating func addUncovered(_ role: String, _ relation: Relation, _ access: AccessMap) {
        let operations: [Operation] = [.insert, .select, .nextval]
        let operation = operations.first {
            access.snapshot.obstacle(to: $0, on: relation) == nil
        }
        guard let operation else { return }
        uncovered.append(Trial(role: role, operation: operation, object: relation.objectName))
    }

    /// Names the relations of which nothing could be asked.
    private mutating func finish() {
        let asked = Set((trials + uncovered).map(\.object))
        var seen: Set<OID> = []
        for (relation, reason) in obstacles
        where !asked.contains(relation.objectName) && seen.insert(relation.oid).inserted {
            leftOut.append(LeftOut(object: relation.objectName, reason: reason))
        }
        obstacles = []
    }
}

extension Operation: Comparable {
    /// The order in which the operations of one relation are listed.
    package static func < (left: Self, right: Self) -> Bool {
        guard let left = allCases.firstIndex(of: left), let right = allCases.firstIndex(of: right)
        else { return false }
        return left < right
    }

    /// Whether it is asked of relations.
    fileprivate var concernsRelations: Bool { self != .create && self != .execute }

    /// The privilege that makes a role expected to carry it out.
    fileprivate var inferredPrivilege: Privilege {
        switch self {
        case .select: .select
        case .update: .update
        case .delete: .delete
        default: .insert
        }
    }
}

/// A declared role that the server does not have.
package struct UnknownRole: Error, Sendable, Hashable {
    package let name: String
    package let known: [String]
}
