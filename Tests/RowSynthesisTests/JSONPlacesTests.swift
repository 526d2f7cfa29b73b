import Testing

@testable import RowSynthesis

@Suite struct JSONPlacesTests {
    @Test(
        "The places in a document are read from operators, subscripts, calls and SQL/JSON paths",
        arguments: [
            ("((d ->> 'a'::text) = 'x'::text)", ["a"]),
            ("(((d -> 'a'::text) -> 0) ->> 'b'::text) IS NOT NULL", ["a/0/b"]),
            ("((d #>> '{a,\"b c\",1}'::text[]) = 'x'::text)", ["a/b c/1"]),
            ("((d['a'::text]['b'::text])::text = 'x'::text)", ["a/b"]),
            ("(d ?& ARRAY['a'::text, 'b'::text])", ["a", "b"]),
            ("((d -> 'a'::text) ? 'b'::text)", ["a/b"]),
            ("(d @? '$.\"a\".b[*]'::jsonpath)", ["a/b/0"]),
            ("(d @@ '$.n > 3'::jsonpath)", ["n=4"]),
            (
                "jsonb_path_exists(d, '$.items[*]?(@.\"price\" >= 10)'::jsonpath)",
                ["items/0", "items/0/price=10"]
            ),
            ("(d @> '{\"v\": 2}'::jsonb)", []),
            ("(jsonb_typeof(d) = 'object'::text)", []),
            ("(e ->> 'a'::text) = 'd'::text", []),
        ] as [(String, [String])]
    )
    func mentions(condition: String, places: [String]) {
        let read = JSONPlaces(in: Harvest(condition), about: "d")
        let found = read.mentions.map { mention in
            let path = mention.path.map { step in
                switch step {
                case .key(let key): key
                case .index(let index): String(index)
                }
            }.joined(separator: "/")
            return ([path] + mention.wanted).joined(separator: "=")
        }
        #expect(found == places)
    }

    @Test("Conditions of any make are read without harm")
    func anyCondition() {
        let words = [
            "d", "->", "->>", "#>>", "'a'", "'{a,0}'", "0", "-1", "99999999999999999999", "[", "]",
            "(", ")", "?", "?&",
            "ARRAY[", ",", "@>", "@?", "@@", "'$.a[*] ? (@.b > 1)'", "'$'", "'$.'", "'@ . ['",
            "jsonb_path_exists(", "=",
            "''", "'{}'", "'{'",
        ]
        var read = 0
        for condition in OddTexts(of: words, length: 16).prefix(3_000) {
            read += JSONPlaces(in: Harvest(condition), about: "d").mentions.count
        }
        #expect(read > 0)
    }

    @Test("What is compared with a place is no place")
    func others() {
        let read = JSONPlaces(
            in: Harvest("((d ->> 'a'::text) = ANY (ARRAY['x'::text, 'y'::text]))"),
            about: "d"
        )
        #expect(read.others == ["x", "y"])
        #expect(
            JSONPlaces(in: Harvest("(d @> '{\"v\": 2}'::jsonb)"), about: "d").contained == [
                "{\"v\": 2}"
            ]
        )
    }
}
