/// Texts of words that are drawn one after another, the same ones each time.
struct OddTexts: Sequence, IteratorProtocol {
    private let words: [String]
    private let length: Int
    private var state: UInt64 = 1

    init(of words: [String], length: Int) {
        self.words = words
        self.length = length
    }

    mutating func next() -> String? {
        (0..<length).map { _ in
            // Knuth's linear congruential generator (MMIX).
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return words[Int(state >> 33) % words.count]
        }.joined(separator: " ")
    }
}
