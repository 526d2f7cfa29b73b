import Catalog
import Postgres
import TestSupport
import Testing

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
        for row in scaffold {
            lines.append(try row.insert(with: connection, overridesIdentity: true))
        }
        if needsReplicaMode { lines.append("SET LOCAL session_replication_role = origin") }
        return lines + [try row.insert(with: connection), "SET CONSTRAINTS ALL IMMEDIATE"]
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
