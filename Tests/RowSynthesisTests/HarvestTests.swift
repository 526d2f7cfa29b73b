import Testing

@testable import RowSynthesis

@Suite struct HarvestTests {
    @Test(
        "Constants are read from deparsed text, with the type that they are cast to",
        arguments: [
            ("(state = ANY (ARRAY['a'::text, 'it''s'::text]))", ["a text", "it's text"]),
            ("(n >= '-5'::integer)", ["-5 integer"]),
            ("((a - 5) > 1.5)", ["5 ", "1.5 "]),
            ("(n > -7)", ["-7 "]),
            (
                "(k = 'x'::character varying(3)) AND (d < '2024-01-01'::date)",
                [
                    "x character varying", "2024-01-01 date",
                ]
            ),
            (
                "(t < '2024-01-01 00:00:00+00'::timestamp with time zone)",
                [
                    "2024-01-01 00:00:00+00 timestamp with time zone"
                ]
            ),
            ("(a = ANY ('{x,\"y z\"}'::text[]))", ["x text", "y z text", "{x,\"y z\"} text[]"]),
            ("(a ~ E'^\\\\d+$'::text)", ["^\\d+$ text"]),
            ("(\"odd 'name\" = 'v'::public.\"My type\")", ["v public.\"My type\""]),
        ] as [(String, [String])]
    )
    func constants(text: String, constants: [String]) {
        let found = Harvest(text).constants.map { "\($0.text) \($0.type ?? "")" }
        #expect(found == constants)
    }

    @Test("Names are read whether they are quoted or not, types are none")
    func names() {
        let harvest = Harvest("((\"A b\" > lower(c)) OR ((d)::\"my type\" IS NULL))")
        #expect(harvest.names.isSuperset(of: ["A b", "lower", "c", "d"]))
        #expect(!harvest.names.contains("my type"))
        #expect(Harvest("x LIKE 'a%'").constants.first?.before == "LIKE")
        #expect(Harvest("(x ~ 'a'::text)").constants.first?.before == "~")
    }

    @Test(
        "Conditions are split where AND joins what must all hold, and nowhere else",
        arguments: [
            ("((a > 1) AND (b > 2))", ["a > 1", "b > 2"]),
            ("(((a > 1) AND (b > 2)) AND (c IS NULL))", ["a > 1", "b > 2", "c IS NULL"]),
            ("((a > 1) OR ((b > 2) AND (c > 3)))", ["(a > 1) OR ((b > 2) AND (c > 3))"]),
            ("(a = ' AND '::text)", ["a = ' AND '::text"]),
            (
                "((\" AND \" = 1) AND (a = ARRAY[' AND ']))",
                [
                    "\" AND \" = 1", "a = ARRAY[' AND ']",
                ]
            ),
            ("true", ["true"]),
        ] as [(String, [String])]
    )
    func conjuncts(text: String, parts: [String]) {
        #expect(DeparsedText.conjuncts(of: text) == parts)
    }

    @Test("VALUE becomes the column, but not within literals, names or words")
    func domainValue() {
        let text = "((VALUE)::text ~ 'VALUE'::text) AND f(\"VALUE\", VALUES) > VALUE"
        let replaced = Conditions.replacingValue(in: text, by: "a \"b")
        #expect(
            replaced
                == "((\"a \"\"b\")::text ~ 'VALUE'::text) AND f(\"VALUE\", VALUES) > \"a \"\"b\""
        )
    }
}
