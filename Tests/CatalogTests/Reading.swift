import Catalog
import Glibc
import TestSupport
import Testing
import Trials

extension TestServer {
    /// Runs the script in a database of its own and reads the catalog, as the superuser.
    func snapshot(of sql: String) async throws -> Snapshot {
        try await makeDatabase(sql: sql).snapshot()
    }
}

extension TestDatabase {
    func snapshot(as role: String? = nil) throws -> Snapshot {
        try Snapshot.read(from: connect(as: role))
    }
}

extension Snapshot {
    func relation(_ name: String, in schema: String = "public") throws -> Relation {
        try #require(orderedRelations.first { $0.schema == schema && $0.name == name })
    }

    func column(_ name: String, of relation: String) throws -> Column {
        let relation = try self.relation(relation)
        return try #require(columns[relation.oid]?.first { $0.name == name })
    }

    func place(_ column: String, of relation: String) throws -> Reach.Place {
        let column = try self.column(column, of: relation)
        return Reach.Place(relation: column.relation, column: column.number)
    }

    func constraint(_ name: String) throws -> Constraint {
        try #require(constraints.values.joined().first { $0.name == name })
    }

    func type(_ name: String) throws -> DataType {
        try #require(types.values.first { $0.name == name && $0.schema == "public" })
    }

    func routineNames(_ oids: [OID]?) -> [String] { (oids ?? []).compactMap { routines[$0]?.name } }

    func relationNames(_ oids: [OID]?) -> [String] {
        (oids ?? []).compactMap { relations[$0]?.name }.sorted()
    }
}

/// Waits until the condition holds, which must be within half a minute.
///
/// It keeps its thread meanwhile: the thread pool is busy with other tests, and would not come back
/// in time.
func waitUntil(_ holds: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !holds() {
        try #require(ContinuousClock.now < deadline, "what was waited for did not come about")
        usleep(10_000)
    }
}
