import Catalog
import Cluster
import Postgres
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct TypeSampleTests {
    /// What the server keeps to itself: these types' input functions refuse everything.
    private static let unwritable: Set<String> = [
        "gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies",
        "pg_mcv_list", "pg_ndistinct", "pg_node_tree",
    ]

    private static let userTypes = """
        CREATE TYPE mood AS ENUM ('it''s fine', 'b"a\\d', 'so, so');
        CREATE DOMAIN price AS numeric(4, 1);
        CREATE DOMAIN two_prices AS price[];
        CREATE DOMAIN code AS varchar(2) NOT NULL;
        CREATE DOMAIN short_code AS code;
        CREATE TYPE pair AS (one integer, "tw o" mood, three varchar(3)[], four price);
        CREATE TYPE nested AS (p pair, ps pair[], s int4range, d code);
        CREATE TYPE mood_range AS RANGE (subtype = mood);
        CREATE TYPE text_range AS RANGE (subtype = text);
        CREATE TABLE holder (m mood[], w nested[], r mood_range[]);
        """

    @Test(
        "Every type of the server takes the plain and the fresh values that are made for it",
        arguments: TestServer.all
    )
    func everyType(server: TestServer) async throws {
        let database = try await server.makeDatabase(sql: Self.userTypes)
        let (complaints, forms) = try complaints(in: database) { _ in true }
        #expect(complaints == [])
        let expected = server.major >= 14 ? 7 : 6
        #expect(forms.count == expected)
    }

    @Test(
        "Types of widespread extensions take theirs",
        .enabled(if: contribServer != nil, "a server with contrib modules is needed")
    )
    func extensions() async throws {
        let database = try await #require(contribServer).makeDatabase(
            sql: """
                CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
                CREATE EXTENSION cube; CREATE EXTENSION seg;
                """
        )
        let names = ["citext", "hstore", "ltree", "lquery", "ltxtquery", "cube", "seg"]
        let (complaints, _) = try complaints(in: database) { names.contains($0.name) }
        #expect(complaints == [])
    }

    /// Has the server read a plain and several fresh values of each type; returns what it refused.
    private func complaints(
        in database: TestDatabase,
        for isAsked: (DataType) -> Bool
    ) throws -> (complaints: [String], forms: Set<String>) {
        let connection = try database.connect()
        let snapshot = try Snapshot.read(from: connection)
        let sample = TypeSample(snapshot: snapshot)
        var complaints: [String] = []
        var forms: Set<String> = []
        for type in snapshot.types.values.sorted(by: { $0.oid < $1.oid }) where isAsked(type) {
            // One of the information schema's domains has a CHECK, which is not this one's business.
            if type.schema == "information_schema" || Self.isUnwritable(type, in: snapshot) {
                continue
            }
            forms.insert("\(type.form)".prefix { $0 != "(" }.description)
            let schema = try connection.quoted(identifier: type.schema)
            let name = "\(schema).\(try connection.quoted(identifier: type.name))"
            for fresh in [nil, 1, 512, 33_333, 32_700_001] {
                guard let content = sample.value(of: type.oid, modifier: -1, fresh: fresh) else {
                    complaints.append("\(name) has no value")
                    break
                }
                let value = try Self.sql(content, with: connection)
                let results = try connection.exchange(["SELECT CAST(\(value) AS \(name))"])
                // Servers can be built without XML.
                if case .failed(let error) = results.last, error.sqlState != .featureNotSupported {
                    complaints.append("\(name) \(value): \(error.message)")
                }
            }
        }
        return (complaints, forms)
    }

    private static func isUnwritable(_ type: DataType, in snapshot: Snapshot) -> Bool {
        switch type.form {
        case .pseudo: true
        // `pg_statistic` has columns of a type that no column of a user's can have.
        case .composite: type.isBuiltIn
        case .array(let element):
            snapshot.types[element].map { isUnwritable($0, in: snapshot) } ?? true
        default: unwritable.contains(type.name)
        }
    }

    @Test(
        "Two fresh values differ in every type that a unique index can hold",
        arguments: TestServer.all
    )
    func freshValuesDiffer(server: TestServer) async throws {
        let connection = try await server.makeDatabase().connect()
        let snapshot = try Snapshot.read(from: connection)
        let sample = TypeSample(snapshot: snapshot)
        let rows = try connection.execute(
            """
            SELECT DISTINCT t.oid FROM pg_type t
              JOIN pg_opclass o ON o.opcintype = t.oid AND o.opcdefault
              JOIN pg_am a ON a.oid = o.opcmethod AND a.amname = 'btree'
             WHERE t.typtype = 'b' AND t.typnamespace = 'pg_catalog'::regnamespace
               AND t.typname <> 'bit'
            """
        )
        let types = rows.compactMap { $0[0].flatMap { OID($0) }.flatMap { snapshot.types[$0] } }
        #expect(types.count > 30)
        var same: [String] = []
        for type in types {
            // Neighbours, and the first values of two connections.
            for (one, other) in [(0, 1), (1, 2), (32_769, 65_537)]
            where type.name != "bool" || other <= 2 {
                guard let first = sample.value(of: type.oid, modifier: -1, fresh: one),
                    let second = sample.value(of: type.oid, modifier: -1, fresh: other)
                else { continue }
                let name = try connection.quoted(identifier: type.name)
                let values = try [first, second].map { try Self.sql($0, with: connection) }
                let answer = try connection.execute(
                    "SELECT CAST(\(values[0]) AS \(name)) = CAST(\(values[1]) AS \(name))"
                )
                if answer != [["f"]] { same.append("\(type.name): \(values)") }
            }
        }
        #expect(same == [])
    }

    @Test(
        "Columns with a length, a precision or a scale take their values",
        arguments: TestServer.all
    )
    func modifiers(server: TestServer) async throws {
        var types = [
            "varchar(1)", "varchar(3)", "varchar(200)", "char(1)", "char(5)", "char", "bpchar",
            "numeric(1)", "numeric(1, 1)", "numeric(3, 3)", "numeric(10, 2)", "numeric(38, 0)",
            "bit", "bit(1)", "bit(7)", "bit(64)", "varbit(1)", "varbit(3)", "varbit", "time(0)",
            "timetz(2)", "timestamp(0)", "timestamptz(3)", "interval(0)", "interval year to month",
            "varchar(2)[]", "numeric(2, 1)[][]", "bit(3)[]", "price", "price[]", "code",
            "short_code", "\"char\"", "name", "float(1)", "nested", "nested[]",
        ]
        if server.major >= 15 { types += ["numeric(2, -3)", "numeric(2, 5)"] }
        let tables = types.enumerated().map { "CREATE TABLE t\($0) (c \($1));" }.joined()
        let connection = try await server.makeDatabase(sql: Self.userTypes + tables).connect()
        let snapshot = try Snapshot.read(from: connection)
        let sample = TypeSample(snapshot: snapshot)
        var complaints: [String] = []
        for (index, type) in types.enumerated() {
            let relation = try snapshot.relation("t\(index)")
            let column = try #require(snapshot.columns[relation.oid]?.first)
            for fresh in [nil, 0, 1, 2, 99, 512, 33_333, 32_700_001] {
                guard
                    let content = sample.value(
                        of: column.type,
                        modifier: column.typeModifier,
                        fresh: fresh
                    )
                else {
                    complaints.append("\(type) has no value")
                    break
                }
                let value = try Self.sql(content, with: connection)
                let results = try connection.exchange(["INSERT INTO t\(index) VALUES (\(value))"])
                if case .failed(let error) = results.last {
                    complaints.append("\(type) \(value): \(error.message)")
                }
            }
        }
        #expect(complaints == [])
    }

    private static func sql(
        _ content: RowValue.Content,
        with connection: Connection
    ) throws -> String {
        switch content {
        case .literal(let text): try connection.quoted(literal: text)
        case .expression(let expression): expression
        case .drawn: "NULL"
        case .null: "NULL"
        }
    }
}

private let contribServer = TestServer.all.first { server in
    ["citext", "hstore", "ltree", "cube", "seg"].allSatisfy { server.binaries.hasLibrary($0) }
}
