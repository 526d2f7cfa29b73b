import Cluster
import TestSupport
import Testing
import Trials

@testable import Catalog

@Suite struct ApplicationRelationsTests {
    @Test("Partitions, and sequences behind a default, are reached otherwise")
    func reachedOtherwise() async throws {
        let found = try await relations(
            of: """
                CREATE TABLE root (a serial, b integer GENERATED ALWAYS AS IDENTITY)
                    PARTITION BY LIST (a);
                CREATE TABLE branch PARTITION OF root FOR VALUES IN (1, 2) PARTITION BY LIST (a);
                CREATE TABLE leaf PARTITION OF branch FOR VALUES IN (1);
                CREATE SEQUENCE shared;
                CREATE TABLE t (a bigint DEFAULT nextval('shared'));
                CREATE SEQUENCE free_one;
                CREATE TABLE owner_of (a integer);
                CREATE SEQUENCE only_owned OWNED BY owner_of.a;
                """
        )
        #expect(found.relations.map(\.name) == ["free_one", "only_owned", "owner_of", "root", "t"])
        #expect(
            found.leftOut.map { "\($0.object.name): \($0.reason)" } == [
                "branch: partition, reached through public.root",
                "leaf: partition, reached through public.root",
            ]
        )
    }

    @Test(
        "Members of extensions, and what lies in their schemas, are left out",
        arguments: TestServer.all
    )
    func extensions(server: TestServer) async throws {
        let database = try await server.makeDatabase(
            sql: """
                CREATE TABLE mine (a integer);
                CREATE TABLE theirs (a integer);
                CREATE SCHEMA "Their s";
                CREATE TABLE "Their s".inside (a integer);
                ALTER EXTENSION plpgsql ADD TABLE theirs;
                ALTER EXTENSION plpgsql ADD SCHEMA "Their s";
                """
        )
        let found = ApplicationRelations(in: try database.snapshot(), selected: .everything)
        #expect(found.relations.map(\.name) == ["mine"])
        #expect(
            found.leftOut.map { "\($0.object.name): \($0.reason)" } == [
                "inside: in a schema of the extension plpgsql",
                "theirs: member of the extension plpgsql",
            ]
        )
    }

    @Test(
        "The views of a real extension are left out, its types are there for columns",
        .enabled(if: contribServer != nil, "a server with hstore and pg_stat_statements is needed")
    )
    func realExtension() async throws {
        let server = try #require(contribServer)
        let snapshot = try await server.snapshot(
            of: """
                CREATE EXTENSION pg_stat_statements;
                CREATE EXTENSION hstore;
                CREATE TABLE t (h hstore);
                """
        )
        let found = ApplicationRelations(in: snapshot, selected: .everything)
        #expect(found.relations.map(\.name) == ["t"])
        #expect(found.leftOut.map(\.object.name).contains("pg_stat_statements"))
        #expect(try snapshot.type("hstore").form == .base)
    }

    @Test("What was not asked for is nowhere, what was excluded is told")
    func selected() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ()"
        )
        let snapshot = try database.snapshot()
        let found = ApplicationRelations(
            in: snapshot,
            selected: Selection.Resolved(
                included: [try snapshot.relation("a").oid, try snapshot.relation("b").oid],
                excluded: [try snapshot.relation("b").oid]
            )
        )
        #expect(found.relations.map(\.name) == ["a"])
        #expect(found.leftOut.map { "\($0.object.name): \($0.reason)" } == ["b: excluded"])
    }

    private func relations(of sql: String) async throws -> ApplicationRelations {
        ApplicationRelations(in: try await TestServer.any.snapshot(of: sql), selected: .everything)
    }
}

private let contribServer = TestServer.all.first {
    $0.binaries.hasLibrary("hstore") && $0.binaries.hasLibrary("pg_stat_statements")
}
