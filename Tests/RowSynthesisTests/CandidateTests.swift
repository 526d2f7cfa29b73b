import Catalog
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct CandidateTests {
    /// A column, the texts that must be among its candidates, and whether they are all there is.
    struct Case: Sendable, CustomStringConvertible {
        let column: String
        let texts: [String]
        var isComplete = false

        var description: String { column }
    }

    @Test(
        "Candidates come from the constants, lengths, patterns and shapes that constraints speak of",
        arguments: [
            Case(
                column: "text NOT NULL CHECK (x IN ('a', 'b'))",
                texts: ["a", "b"],
                isComplete: true
            ),
            Case(column: "varchar(3) CHECK (x = 'abc')", texts: ["abc"], isComplete: true),
            Case(column: "boolean NOT NULL", texts: ["true", "false"], isComplete: true),
            Case(
                column: "integer NOT NULL CHECK (x >= 3 AND x < 6)",
                texts: ["3", "4", "5"],
                isComplete: true
            ),
            Case(column: "integer CHECK (x > 4711)", texts: ["4711", "4712", "4710"]),
            Case(column: "smallint CHECK (x <> 100000)", texts: ["1"]),
            Case(column: "text CHECK (x <> 'other')", texts: ["other", "a"]),
            Case(column: "text CHECK (length(x) = 7)", texts: ["pgsmoke", "pgsmok"]),
            Case(column: "bytea CHECK (octet_length(x) = 2)", texts: ["\\x5a5a"]),
            Case(column: "integer[] CHECK (cardinality(x) = 2)", texts: ["{\"1\",\"1\"}"]),
            Case(column: "text CHECK (x ~ '^a[0-9]$')", texts: ["a0"]),
            Case(column: "text CHECK (x LIKE 'a%b')", texts: ["ab", "aab"]),
            Case(column: "text CHECK (x LIKE 'x%' AND length(x) = 4)", texts: ["xaaa"]),
            Case(column: "jsonb CHECK (x ? 'k')", texts: ["{}", "{\"k\": \"a\"}", "{\"k\": 1}"]),
            Case(column: "date CHECK (x > '2031-02-03')", texts: ["2031-02-03"]),
            Case(column: "inet CHECK (x <> '10.1.2.3')", texts: ["10.1.2.3", "::1"]),
        ]
    )
    func candidates(column: Case) async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE t (x \(column.column))"
        )
        let snapshot = try database.snapshot()
        let relation = try snapshot.relation("t")
        let x = try #require(snapshot.columns[relation.oid]?.first)
        let list = ColumnCandidates(
            synthesizer: RowSynthesizer(snapshot, parents: .none, salt: 1),
            relation: relation,
            required: x.isNotNull ? [1] : [],
            isTried: true
        )
        .list(
            for: x,
            under: Conditions(of: relation, in: snapshot).all,
            current: nil,
            fresh: 5
        )
        let texts = list.candidates.compactMap(\.text)
        #expect(Set(column.texts).isSubset(of: texts), "\(texts)")
        #expect(list.isComplete == column.isComplete)
        if column.isComplete { #expect(texts.count == column.texts.count) }
        // What may be left out is, and NULL comes last.
        #expect((list.candidates.first?.content == .unnamed) == !x.isNotNull)
        #expect((list.candidates.last?.content == .null) == !x.isNotNull)
    }

    @Test("What the user wrote down is the only candidate; a serial column has none")
    func declared() async throws {
        let database = try await TestServer.any.makeDatabase(
            sql: "CREATE TABLE t (x text CHECK (x IN ('a', 'b')), id serial)"
        )
        let snapshot = try database.snapshot()
        let relation = try snapshot.relation("t")
        let mine = RowValue(.expression("'c'"), from: .declared)
        let columns = ColumnCandidates(
            synthesizer: RowSynthesizer(
                snapshot,
                parents: .none,
                declared: [relation.oid: [1: mine]],
                salt: 1
            ),
            relation: relation,
            required: [],
            isTried: true
        )
        let lists = (snapshot.columns[relation.oid] ?? []).map {
            columns.list(for: $0, under: [], current: nil, fresh: 1)
        }
        #expect(lists[0].candidates.map(\.content) == [.expression("'c'", inputs: [])])
        #expect(lists[1].candidates.map(\.content) == [.unnamed])
    }
}
