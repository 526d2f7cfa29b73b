import Testing

@testable import Trials

/// Shards are disjoint, complete, stable and of nearly one size.
@Suite struct ShardTests {
    private static let counts = 1...8

    private func shares(_ names: [String], among count: Int) -> [Int] {
        var shares = [Int](repeating: 0, count: count)
        for name in names { shares[Shard.index(of: "public\0\(name)", among: count) - 1] += 1 }
        return shares
    }

    /// How far the largest or smallest share is from an even one.
    private func imbalance(_ names: [String], among count: Int) -> Double {
        let even = Double(names.count) / Double(count)
        return shares(names, among: count).map { abs(Double($0) - even) / even }.max() ?? 0
    }

    @Test("Every object belongs to exactly one shard", arguments: counts)
    func partition(count: Int) {
        let shards = (1...count).compactMap { Shard(index: $0, count: count) }
        #expect(shards.count == count)
        let names =
            Sample.hostileIdentifiers + ["t", "t_1", "", "9", "a1b2c3", "t_00000000000000000"]
        for name in names {
            for schema in [nil, "public", name] {
                for kind in [.table, .view, .role, .schema] as [ObjectKind] {
                    let object = ObjectName(kind: kind, schema: schema, name: name)
                    #expect(shards.count { $0.holds(object) } == 1)
                }
            }
        }
    }

    @Test("An object's shard is the same in every version and on every machine")
    func stable() {
        let names = ["users", "orders", "t_1", "t_2", "events_2024_05", "caf\u{E9}"]
        let indices = names.map { Shard.index(of: "public\0\($0)", among: 4) }
        #expect(indices == [3, 1, 4, 1, 1, 4])
    }

    @Test("Numbered tables are dealt out evenly", arguments: counts)
    func numbered(count: Int) {
        let numbered: [[String]] = [
            (1...1_000).map { "t_\($0)" }, (1...1_000).map { "t\($0)" },
            (0...999).map { "table_\(String(1_000 + $0).dropFirst())_archive" },
            (1...500).flatMap { ["parent_\($0)", "child_\($0)"] },
        ]
        for names in numbered { #expect(imbalance(names, among: count) < 0.02) }
    }

    @Test("Numbers with gaps do not all come to one shard", arguments: counts)
    func gaps(count: Int) {
        for gap in [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 100] {
            let names = (1...1_000).map { "t_\($0 * gap)" }
            #expect(imbalance(names, among: count) < 0.3, "gap \(gap)")
        }
    }

    @Test("1,000 tables with names of words are as even as chance makes them", arguments: counts)
    func words(count: Int) {
        let nouns = [
            "user", "order", "invoice", "payment", "product", "price", "session", "event",
            "account",
            "address", "audit", "batch", "booking", "cart", "category", "channel", "comment",
            "company", "contact", "contract", "coupon", "customer", "device", "document", "email",
        ]
        let parts = [
            "line", "history", "status", "note", "tag", "type", "log", "item", "link", "version",
            "detail", "member", "setting", "import", "export", "queue", "job", "file", "key", "map",
        ]
        let names = nouns.flatMap { noun in parts.flatMap { ["\(noun)_\($0)", "\(noun)_\($0)s"] } }
        #expect(names.count == 1_000)
        #expect(imbalance(names, among: count) < 0.3)
    }

    @Test("Chance alone makes a share wrong by 25 % in few schemas of 1,000 tables")
    func chance() {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        var generator = Repeatable()
        let schemas = (0..<200).map { _ in
            (0..<1_000).map { _ in
                String((0..<9).map { _ in letters.randomElement(using: &generator) ?? "a" })
            }
        }
        let wrong = schemas.count { imbalance($0, among: 8) >= 0.25 }
        // Binomial shares of 1/8 leave 25 % in 2 % of all schemas.
        #expect(wrong <= 12, "\(wrong) of 200")
    }

    /// A small generator (SplitMix64) that gives the same numbers in every run.
    private struct Repeatable: RandomNumberGenerator {
        private var state: UInt64 = 7

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test(
        "A shard is written as I/N, counted from 1",
        arguments: [
            ("1/1", 1), ("2/4", 2), ("8/8", 8), ("02/4", 2), ("0/4", nil), ("5/4", nil),
            ("1/0", nil), ("", nil), ("/", nil), ("1", nil), ("1/", nil), ("/4", nil),
            ("-1/4", nil), ("+1/4", nil), ("1/4/2", nil), (" 1/4", nil), ("1/four", nil),
            ("1.0/4", nil), ("1/99999999999999999999", nil), ("\u{661}/4", nil),
        ] as [(String, Int?)]
    )
    func text(_ text: String, _ index: Int?) {
        #expect(Shard(text)?.index == index)
    }
}
