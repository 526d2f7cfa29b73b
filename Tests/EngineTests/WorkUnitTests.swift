import Access
import Catalog
import Postgres
import RowSynthesis
import TestSupport
import Testing
import Trials

@testable import Engine

@Suite struct WorkUnitTests {
    private static let tables = """
        CREATE SEQUENCE s1;
        CREATE SEQUENCE s2;
        CREATE TABLE a (n bigint DEFAULT nextval('s1'));
        CREATE TABLE b (n bigint DEFAULT nextval('s2'));
        CREATE TABLE c (id serial, i integer GENERATED ALWAYS AS IDENTITY);
        CREATE TABLE d (x bigint DEFAULT nextval('s1'), y bigint DEFAULT nextval('s2'));
        CREATE TABLE e (n integer);
        CREATE VIEW over_c AS SELECT * FROM c;
        CREATE VIEW over_view AS SELECT * FROM over_c;
        CREATE TABLE f (n integer);
        CREATE FUNCTION log_f() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN INSERT INTO a DEFAULT VALUES; RETURN new; END';
        CREATE TRIGGER log_f AFTER INSERT ON f FOR EACH ROW EXECUTE FUNCTION log_f();
        """

    @Test(
        "Relations that draw from one sequence are one unit, by whatever way they hang together",
        arguments: [
            (["a", "b", "c", "e"], [["a"], ["b"], ["c"], ["e"]]),
            (["a", "b", "d"], [["a", "d", "b"]]),
            (["d", "a", "b"], [["d", "a", "b"]]),
            (["a", "c", "d", "e", "b"], [["a", "d", "b"], ["c"], ["e"]]),
            (["c", "e", "over_view", "over_c"], [["c", "over_view", "over_c"], ["e"]]),
            (["f", "b", "a"], [["f", "a"], ["b"]]),
        ] as [([String], [[String]])]
    )
    func grouping(tables: [String], expected: [[String]]) async throws {
        let snapshot = try await TestServer.any.makeDatabase(sql: Self.tables).snapshot()
        let units = WorkUnit.units(
            of: try trials(on: tables, in: snapshot, roles: ["r"]),
            with: try context(snapshot)
        )
        let names = units.map { $0.relations.map(\.relation.name) }
        #expect(Set(names.map { Set($0) }) == Set(expected.map { Set($0) }))
        #expect(names.joined().count == tables.count)
        #expect(names.compactMap(\.first) == expected.compactMap(\.first))
    }

    @Test("All trials of a relation stay together, each with its place in the plan")
    func places() async throws {
        let snapshot = try await TestServer.any.makeDatabase(sql: Self.tables).snapshot()
        let plan = try trials(on: ["a", "e"], in: snapshot, roles: ["r1", "r2", "r3"])
        let units = WorkUnit.units(of: plan, with: try context(snapshot))
        let works = units.flatMap(\.relations)
        #expect(works.map { $0.trials.map(\.place) } == [[0, 2, 4], [1, 3, 5]])
        #expect(
            works.map { $0.trials.map(\.trial.role) } == [["r1", "r2", "r3"], ["r1", "r2", "r3"]]
        )
    }

    @Test("Two tables whose names differ only in how an accent is written are two tables")
    func equivalentNames() async throws {
        let snapshot = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE \"\u{E9}\" (a integer); CREATE TABLE \"e\u{301}\" (a integer)"
        ).snapshot()
        let plan = snapshot.orderedRelations.enumerated().map { place, relation in
            (
                place: place,
                trial: Trial(role: "r", operation: .insert, object: relation.objectName)
            )
        }
        let units = WorkUnit.units(of: plan, with: try context(snapshot))
        #expect(units.flatMap(\.relations).count == 2)
    }

    /// What the lanes of a run would share, before any role was looked at.
    private func context(_ snapshot: Snapshot) throws -> RunContext {
        let access = AccessMap(snapshot)
        let user = try #require(snapshot.rolesByName[snapshot.server.user])
        return RunContext(
            access: access,
            options: EngineOptions(),
            user: access.principal(user.oid),
            frames: [:],
            parents: .none,
            backends: Backends(),
            stop: StopSignal()
        )
    }

    /// Every role's trial on every table, role by role.
    private func trials(
        on tables: [String],
        in snapshot: Snapshot,
        roles: [String]
    ) throws -> [(place: Int, trial: Trial)] {
        let trials = try roles.flatMap { role in
            try tables.map { name in
                let relation = try #require(snapshot.orderedRelations.first { $0.name == name })
                return Trial(role: role, operation: .insert, object: relation.objectName)
            }
        }
        return trials.enumerated().map { (place: $0.offset, trial: $0.element) }
    }
}
