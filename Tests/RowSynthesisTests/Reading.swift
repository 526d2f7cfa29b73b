import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@testable import RowSynthesis

extension TestDatabase {
    func snapshot() throws -> Snapshot { try Snapshot.read(from: connect()) }
}

extension Snapshot {
    func relation(_ name: String) throws -> Relation {
        try #require(orderedRelations.first { $0.name == name })
    }

    /// Makes the first row that would be tried for a relation.
    func draft(
        for name: String,
        parents: ExistingParents = .none,
        salt: Int = 1,
        knowing knowledge: RowKnowledge = RowKnowledge()
    ) throws -> RowDraft {
        RowSynthesizer(self, parents: parents, salt: salt)
            .draft(for: try relation(name), knowing: knowledge)
    }
}

extension RowDraft {
    /// The columns that the row names, in their order.
    var namedColumns: [String] { row.namedColumns }

    /// The statements that put the scaffold and the row in place, as a trial does it.
    func statements(with connection: Connection) throws -> [String] {
        var lines: [String] = []
        if defersConstraints { lines.append("SET CONSTRAINTS ALL DEFERRED") }
        if needsReplicaMode { lines.append("SET LOCAL session_replication_role = replica") }
        for step in leadingSteps { lines.append(try insert(step, with: connection)) }
        if needsReplicaMode { lines.append("SET LOCAL session_replication_role = origin") }
        if let clearing = try clearing(with: connection) { lines.append(clearing) }
        let insert = try row.insert(with: connection)
        lines.append(ignoresConflicts ? "\(insert) ON CONFLICT DO NOTHING" : insert)
        for step in followingSteps { lines.append(try self.insert(step, with: connection)) }
        return lines + ["SET CONSTRAINTS ALL IMMEDIATE"]
    }

    /// Puts the drafts in place together and takes them back; returns the server's complaint.
    static func complaint(
        about drafts: RowDraft...,
        in database: TestDatabase
    ) throws -> ServerError? {
        let connection = try database.connect()
        let statements = try drafts.flatMap { try $0.statements(with: connection) }
        let results = try connection.exchange(["BEGIN"] + statements + ["ROLLBACK"])
        guard case .failed(let error) = results.last else { return nil }
        return error
    }
}

extension RowDraft.Row {
    var namedColumns: [String] { values.keys.sorted().compactMap { columnNames[$0] } }

    func value(of column: String) throws -> RowValue {
        let number = try #require(columnNames.first { $0.value == column }).key
        return try #require(values[number])
    }
}

/// What a search for a row came to.
struct SearchOutcome {
    var draft: RowDraft
    var isAccepted = false
    var conclusion: String?
    /// The last error's code, constraint and message.
    var complaint = ""
    var attempts = 0
}

extension TestDatabase {
    /// Searches for a row as a trial does it, as the superuser.
    func search(
        for name: String,
        declared: [OID: [Int: RowValue]] = [:],
        mayRemoveRows: Bool = true,
        budget: Duration = .seconds(10)
    ) throws -> SearchOutcome {
        let connection = try connect()
        let snapshot = try Snapshot.read(from: connection)
        let relation = try snapshot.relation(name)
        let lookup = Lookup(snapshot, with: connection) { _ in .connectingRole }
        var search = RowSearch(
            relation,
            lookup: lookup,
            synthesizer: RowSynthesizer(
                snapshot,
                parents: try lookup.parents(for: [relation]),
                declared: declared,
                salt: 1
            ),
            mayUseReplicaMode: true,
            role: RowSearch.RoleUnderTrial(),
            mayRemoveRows: { _ in mayRemoveRows },
            budget: budget
        )
        var outcome = SearchOutcome(draft: search.draft)
        while true {
            outcome.draft = search.draft
            outcome.attempts += 1
            guard let failure = try outcome.draft.failure(over: connection) else {
                outcome.isAccepted = true
                return outcome
            }
            outcome.complaint = failure.signature
            guard try search.learn(from: failure, of: outcome.draft, by: .insert) else {
                outcome.conclusion = search.conclusion
                return outcome
            }
        }
    }
}

extension RowDraft {
    /// Tries the draft and takes it back; returns how it failed.
    fileprivate func failure(over connection: Connection) throws -> Failure? {
        let statements = ["BEGIN"] + (try statements(with: connection))
        let results = try connection.exchange(statements)
        defer { _ = try? connection.execute("ROLLBACK") }
        let inserted = statements.count - 2 - followingSteps.count
        if case .failed(let error) = results.last {
            if (inserted + 1..<statements.count - 1).contains(results.count - 1) {
                let step = followingSteps[results.count - 2 - inserted]
                return .scaffold(step.upperBound - 1, error)
            }
            guard results.count - 1 < inserted else { return .row(error) }
            let before = statements[..<(results.count - 1)]
            let step = before.count { $0.hasPrefix("INSERT") || $0.hasPrefix("WITH") }
            return .scaffold(leadingSteps[step].upperBound - 1, error)
        }
        guard case .succeeded(let affected, _) = results[inserted] else { return nil }
        return affected == 1 ? nil : .swallowed
    }
}
