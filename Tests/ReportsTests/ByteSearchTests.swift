import Testing

@testable import Trials

struct ByteSearchTests {
    @Test(
        "A text holds another byte for byte, wherever it stands",
        arguments: [
            ("nextval('s'::regclass)", "nextval", true), ("a", "a", true), ("", "", true),
            ("aab", "ab", true), ("abab", "abb", false), ("", "a", false), ("ab", "abc", false),
            ("é", "\u{301}", false), ("e\u{301}", "e", true), ("😀nextval", "nextval", true),
            ("next val", "nextval", false), ("x = y", " = ", true),
        ]
    )
    func holds(text: String, other: String, isHeld: Bool) {
        #expect(text.holds(other) == isHeld)
    }
}
