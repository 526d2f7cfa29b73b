import Catalog
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct ComponentTests {
    private static let table = """
        CREATE DOMAIN small AS integer CHECK (VALUE < 100);
        CREATE TABLE t (
            a integer CHECK (a > 1), b integer, c integer, d integer, e small, f text,
            g integer GENERATED ALWAYS AS (c + d) STORED,
            CHECK (a < b AND f <> ''), CHECK (g > 5), CHECK (NOT (t IS NULL))
        );
        """

    @Test(
        "Columns that share a condition are chosen together, others apart",
        arguments: TestServer.all
    )
    func components(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.table)
        let snapshot = try database.snapshot()
        let relation = try snapshot.relation("t")
        let conditions = Conditions(of: relation, in: snapshot).all.filter { !$0.readsWholeRow }
        let components = Component.components(of: conditions, joinedBy: [])
        let named = components.map { component in
            (snapshot.columns[relation.oid] ?? []).filter { component.columns.contains($0.number) }
                .map(\.name).joined()
        }
        // A generated column stands for its inputs.
        #expect(named.sorted() == ["ab", "cdg", "e", "f"])
        #expect(components.first { $0.columns.count == 2 }?.conditions.count == 2)
        let joined = Component.components(of: conditions, joinedBy: [[2, 5], [6, 7]])
        #expect(joined.map(\.columns.count).sorted() == [3, 4])
    }

    @Test("A condition knows its constraint, its columns and whether it reads the whole row")
    func conditions() async throws {
        let database = try await TestServer.any.makeDatabase(sql: Self.table)
        let snapshot = try database.snapshot()
        let all = Conditions(of: try snapshot.relation("t"), in: snapshot).all
        #expect(all.contains { $0.name == "small_check" && $0.text == "\"e\" < 100" })
        #expect(all.filter(\.readsWholeRow).map(\.columns.count) == [7])
        #expect(all.contains { $0.name == "t_a_check" && $0.columns == [1] })
    }
}
