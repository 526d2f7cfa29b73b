import Testing
import Trials

@Suite struct SQLTextTests {
    @Test(
        "A quotation mark is doubled whatever combines with it to one character",
        arguments: ["\u{600}\" TO x;--", "a\"\u{301}b", "\"\u{20DD}"]
    )
    func quotationMarks(name: String) {
        let scalars = Array(Identifier.sql(name).unicodeScalars)
        let inner = scalars.dropFirst().dropLast()
        #expect(scalars.first == "\"" && scalars.last == "\"")
        #expect(inner.count { $0 == "\"" } == 2 * name.unicodeScalars.count { $0 == "\"" })
        #expect(inner.filter { $0 != "\"" } == name.unicodeScalars.filter { $0 != "\"" })
    }
}
