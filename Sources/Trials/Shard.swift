/// One part of a run that is shared out among several machines.
///
/// An object belongs to one shard, whatever else there is in the database.
package struct Shard: Sendable, Hashable {
    /// From 1.
    package let index: Int
    package let count: Int

    /// `nil` if there is no such part.
    package init?(index: Int, count: Int) {
        guard count >= 1, (1...count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// Reads `2/4`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Self.number(parts[0]), let count = Self.number(parts[1])
        else { return nil }
        self.init(index: index, count: count)
    }

    /// Reads a whole number without a sign, below a thousand million.
    package static func number(_ text: some StringProtocol) -> Int? {
        text.utf8.count < 10 && text.utf8.allSatisfy(Self.digits.contains) ? Int(text) : nil
    }

    /// Whether the object's cases belong to this shard.
    package func holds(_ object: ObjectName) -> Bool {
        Self.index(of: "\(object.schema ?? "")\0\(object.name)", among: count) == index
    }

    /// Returns the shard of a name, from 1.
    ///
    /// Names that differ in a number alone, such as `t_1` to `t_999`, are dealt out in turn, which is
    /// more even than chance; each round of the dealing begins with a shard of its own, so that
    /// numbers with gaps of the same width do not all come to one.
    static func index(of name: String, among count: Int) -> Int {
        let (stem, number) = numbered(name)
        guard let number else { return 1 + hash(name, below: count) }
        let start = hash("\(stem)\0\(number / count)", below: count)
        return 1 + (number % count + start) % count
    }

    /// Takes the last number out of a name.
    private static func numbered(_ name: String) -> (stem: String, number: Int?) {
        let bytes = Array(name.utf8)
        guard let last = bytes.lastIndex(where: digits.contains) else { return (name, nil) }
        let first = bytes[...last].lastIndex { !digits.contains($0) }.map { $0 + 1 } ?? 0
        // As many digits as surely fit.
        let start = max(first, last - 14)
        let stem = bytes[..<start] + [0] + bytes[(last + 1)...]
        return (
            String(decoding: stem, as: UTF8.self),
            Int(String(decoding: bytes[start...last], as: UTF8.self))
        )
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private static func hash(_ text: String, below count: Int) -> Int {
        let start = UInt64(Digest.sha256(text).prefix(16), radix: 16) ?? 0
        return Int(start % UInt64(count))
    }
}

extension Shard: CustomStringConvertible {
    package var description: String { "shard \(index) of \(count)" }
}

/// The shard that a report is of, and the run that the shard is a part of.
package struct ShardStamp: Sendable, Hashable {
    package var shard: Shard
    /// A fingerprint of all that the whole run expects; `nil` if it never became known.
    package var plan: String?

    package init(_ shard: Shard, plan: String? = nil) {
        self.shard = shard
        self.plan = plan
    }
}
