import Catalog
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct CodeReaderTests {
    static let schema = """
        CREATE TABLE t (id serial, kind text, day date, n int, item int);
        CREATE TABLE kinds (code text, active boolean, rank int);
        CREATE TABLE stock (item int, quantity int, opens date, closes date, blocked boolean, kind text);
        CREATE TABLE counters (name text, n int);
        CREATE SCHEMA other;
        CREATE TABLE other.kinds (code text, hidden boolean);
        """

    @Test(
        "What code looks for in other tables is read from its comparisons",
        arguments: [
            (
                "PERFORM 1 FROM kinds WHERE code = NEW.kind; IF NOT FOUND THEN RAISE EXCEPTION 'x'; END IF;",
                ["kinds.code = kind"]
            ),
            (
                "PERFORM 1 FROM kinds k JOIN stock AS s ON s.kind = k.code WHERE NEW.kind = k.code;",
                ["kinds.code = kind"]
            ),
            (
                "PERFORM 1 FROM only other.kinds WHERE code = new.kind AND NOT hidden;",
                ["kinds.code = kind", "kinds.hidden looked for 'false'"]
            ),
            (
                "UPDATE counters SET n = n + 1 WHERE name = TG_TABLE_NAME RETURNING n INTO NEW.n;",
                ["counters.name looked for 't'"]
            ),
            (
                "UPDATE counters SET name = NEW.kind WHERE name IN ('a', 'b');",
                ["counters.name looked for 'a'"]
            ),
            (
                "SELECT quantity INTO q FROM stock WHERE item = NEW.item; IF q < NEW.n THEN RAISE EXCEPTION 'x'; END IF;",
                ["stock.item = item", "stock.quantity preferred '10000'"]
            ),
            (
                "SELECT * INTO STRICT r FROM stock s WHERE NEW.day BETWEEN s.opens AND s.closes; IF r.blocked THEN RAISE EXCEPTION 'x'; END IF;",
                [
                    "stock.blocked preferred 'false'", "stock.closes preferred '2999-01-01'",
                    "stock.opens preferred '1970-01-01'",
                ]
            ),
            (
                "SELECT kind INTO k FROM stock WHERE item = NEW.item; IF k IS DISTINCT FROM 'open' THEN RAISE EXCEPTION 'x'; END IF;",
                ["stock.item = item", "stock.kind preferred 'open'"]
            ),
            (
                "v := NEW.kind; PERFORM 1 FROM kinds WHERE kinds.code = v AND rank > 3;",
                ["kinds.code = kind", "kinds.rank preferred '10000'"]
            ),
            (
                "IF EXISTS (SELECT FROM t WHERE kind = NEW.kind) THEN RAISE EXCEPTION 'x'; END IF;",
                []
            ),
            (
                "IF NEW.n < 5 THEN RAISE EXCEPTION 'FROM kinds WHERE code = NEW.kind'; END IF; /* FROM kinds k WHERE k.code = 'c' */",
                []
            ),
            ("INSERT INTO counters (name, n) VALUES (NEW.kind, 1);", []),
        ] as [(String, [String])]
    )
    func lookups(code: String, expected: [String]) async throws {
        let (snapshot, relation) = try await Self.table()
        let reader = CodeReader(
            [Harvest("BEGIN \(code) RETURN NEW; END")],
            of: relation,
            in: snapshot
        )
        let found = reader.lookups.flatMap { lookup in
            lookup.columns.compactMap { number, wish -> String? in
                guard let table = snapshot.relations[lookup.relation],
                    let column = snapshot.column(number, of: lookup.relation)
                else { return nil }
                let place = "\(table.name).\(column.name)"
                switch wish {
                case .column(let own):
                    return "\(place) = \(snapshot.column(own, of: relation.oid)?.name ?? "")"
                case .value(let value): return "\(place) looked for \(Self.text(value))"
                case .preferred(let value): return "\(place) preferred \(Self.text(value))"
                }
            }
        }
        #expect(found.sorted() == expected)
    }

    @Test(
        "What code refuses of the row itself becomes a wish, what queries compare does not",
        arguments: [
            (
                "IF NEW.kind IS NULL OR NEW.day IS NOT NULL THEN RAISE EXCEPTION 'x'; END IF;",
                ["day null", "kind filled"]
            ),
            ("CASE WHEN NEW.n < 5 THEN RAISE EXCEPTION 'x'; ELSE NULL; END CASE;", ["n '5'"]),
            ("IF NEW.n >= 5 THEN RAISE EXCEPTION 'x'; END IF;", ["n '4'"]),
            (
                "IF NEW.kind NOT IN ('a', 'b') AND NEW.kind <> 'c' THEN RAISE EXCEPTION 'x'; END IF;",
                ["kind 'c'"]
            ),
            (
                "IF EXISTS (SELECT FROM kinds WHERE NEW.kind IS NULL) THEN RAISE EXCEPTION 'x'; END IF;",
                []
            ),
            ("IF NEW.kind = 'a' THEN RAISE EXCEPTION 'x'; END IF;", []),
            ("IF NEW.kind IS DISTINCT FROM 'a' THEN RAISE EXCEPTION 'x'; END IF;", ["kind 'a'"]),
            ("IF NEW.kind IS NOT DISTINCT FROM 'a' THEN RAISE EXCEPTION 'x'; END IF;", []),
        ] as [(String, [String])]
    )
    func wishes(code: String, expected: [String]) async throws {
        let (snapshot, relation) = try await Self.table()
        let reader = CodeReader(
            [Harvest("BEGIN \(code) RETURN NEW; END")],
            of: relation,
            in: snapshot
        )
        let found = reader.wishes.map { number, wish in
            let name = snapshot.column(number, of: relation.oid)?.name ?? ""
            return switch wish {
            case .null: "\(name) null"
            case .filled: "\(name) filled"
            case .value(let text): "\(name) '\(text)'"
            }
        }
        #expect(found.sorted() == expected)
    }

    @Test("Code of any make is read without harm")
    func anyCode() async throws {
        let (snapshot, relation) = try await Self.table()
        let words = [
            "INSERT INTO counters", "SELECT", "INTO", "INTO v", "FROM stock s", "FROM", "WHERE",
            "(", ")", "s.item",
            "=", "NEW.item", "NEW.", "NEW.kind", "AND", "NOT", "blocked", ";", "IF v",
            "IS DISTINCT FROM", "'a'", ",", "-",
            "5", "THEN", "v := NEW.kind;", ":=", "STRICT", "*", "BETWEEN opens AND closes",
            "BETWEEN", "UPDATE", "SET",
            "JOIN kinds k ON", "AS", "ONLY", "OLD", "IS NULL", "NULL", "IS NOT NULL", "<>", ">=",
            "IN", "DECLARE",
            "TG_TABLE_NAME", "code", "\"odd\"",
        ]
        var read = 0
        for text in OddTexts(of: words, length: 24).prefix(3_000) {
            let reader = CodeReader([Harvest(text)], of: relation, in: snapshot)
            read += reader.lookups.count + reader.wishes.count
        }
        #expect(read > 0)
    }

    private static func table() async throws -> (Snapshot, Relation) {
        let snapshot = try await TestServer.any.makeDatabase(sql: schema).snapshot()
        return (snapshot, try snapshot.relation("t"))
    }

    private static func text(_ value: RowValue) -> String {
        if case .literal(let text) = value.content { "'\(text)'" } else { "\(value.content)" }
    }
}
