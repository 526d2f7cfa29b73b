import Catalog
import Postgres
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct DeparsedTextTests {
    @Test(
        "Equalities that a policy asks for are read from the server's own text",
        arguments: [
            ("tenant = 7", ["tenant": "7"]),
            ("7 = tenant", ["tenant": "7"]),
            (
                "tenant = 7 AND label = 'a AND b = c'",
                ["tenant": "7", "label": "'a AND b = c'::text"]
            ),
            ("label = 'it''s (' AND tenant = 1", ["label": "'it''s ('::text", "tenant": "1"]),
            ("\"Odd name\" = 'x'", ["Odd name": "'x'::text"]),
            ("\"say \"\"hi\"\", he\" = 1", ["say \"hi\", he": "1"]),
            ("short = 'x'", ["short": "'x'::text"]),
            (
                "tenant = current_setting('app.tenant')::integer",
                ["tenant": "(current_setting('app.tenant'::text))::integer"]
            ),
            ("label = CURRENT_USER", ["label": "CURRENT_USER"]),
            ("CURRENT_USER = label", ["label": "CURRENT_USER"]),
            ("tenant = 1 OR label = 'x'", [:]),
            ("tenant = 1 AND (label = 'x' OR label = 'y')", ["tenant": "1"]),
            ("NOT (tenant = 1)", [:]),
            ("tenant > 1", [:]),
            ("true", [:]),
            ("flag", [:]),
            (
                "(tenant = 1 AND label = 'x') AND (flag = true)",
                ["tenant": "1", "label": "'x'::text", "flag": "true"]
            ),
            ("tenant = (2 + 3) * 4", ["tenant": "((2 + 3) * 4)"]),
        ] as [(String, [String: String])]
    )
    func policies(condition: String, expressions: [String: String]) async throws {
        #expect(PolicyValues(try await deparsed(condition)).expressions == expressions)
    }

    @Test(
        "Not every side of an equality can be written as a value",
        arguments: [
            "tenant IN (7, 8)", "tenant = ANY (ARRAY[7, 8])", "tenant = other",
            "CURRENT_ROLE = label",
        ]
    )
    func unusable(condition: String) async throws {
        let database = try await database(condition)
        let lookup = Lookup(try database.snapshot(), with: try database.connect()) { _ in
            .connectingRole
        }
        let relation = try #require(lookup.snapshot.orderedRelations.first)
        for value in try lookup.policyValues(of: relation).values {
            guard case .expression(let expression) = value.content else { continue }
            #expect(try database.rows("SELECT \(expression) IS NULL") == [["f"]])
        }
    }

    private func deparsed(_ condition: String) async throws -> String {
        let snapshot = try await database(condition).snapshot()
        return try #require(snapshot.policies.values.joined().first?.check)
    }

    private func database(_ condition: String) async throws -> TestDatabase {
        try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE t (
                    tenant integer, other integer, label text, flag boolean, short varchar(5),
                    "Odd name" text, "say ""hi"", he" integer
                );
                CREATE POLICY p ON t FOR INSERT WITH CHECK (\(condition));
                """
        )
    }
}
