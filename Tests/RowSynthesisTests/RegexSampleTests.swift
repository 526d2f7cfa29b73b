import Postgres
import TestSupport
import Testing

@testable import RowSynthesis

@Suite struct RegexSampleTests {
    @Test(
        "The server's own regular expressions accept one of the samples",
        arguments: [
            #"^[a-z]+$"#, #"^\d{3}-\d{4}$"#, #"^[A-Z]{2}[0-9]{6}$"#, #"^(foo|bar)(baz)?$"#,
            #"^[^@]+@[^@]+\.[^@]+$"#, #"^#[0-9a-f]{6}$"#, #"^\+?[1-9]\d{1,14}$"#,
            #"^[[:alpha:]][[:alnum:]_]*$"#, #"^https?://[^/]+/"#, #"^(?:a|b){2,3}c*$"#,
            #"^[0-9]{4}-(0[1-9]|1[0-2])$"#, #"^$|^x+$"#, #"^.{5,10}$"#, #"^[\w.-]+$"#,
            #"^[]a]+$"#, #"^[-+]?\d+(\.\d+)?$"#, #"^([0-9a-f]{2}:){5}[0-9a-f]{2}$"#,
            #"(?i)^abc$"#, #"^\S+\s\S+$"#, #"^[a-z0-9]+(-[a-z0-9]+)*$"#, #"^\\d$"#, #"^a\.b\$$"#,
            #"^[A-F0-9]{8}-[A-F0-9]{4}$"#, #"^r:(\*|[a-z]+)$"#,
        ]
    )
    func accepted(pattern: String) async throws {
        let database = try await TestServer.any.makeDatabase(sql: "")
        let connection = try database.connect()
        let samples = RegexSample(pattern).texts()
        #expect(!samples.isEmpty)
        var accepted = false
        for sample in samples {
            let text = try connection.quoted(literal: sample)
            let expression = try connection.quoted(literal: pattern)
            let rows = try connection.execute("SELECT \(text) ~ \(expression)")
            accepted = accepted || rows == [["t"]]
        }
        #expect(accepted, "\(samples)")
    }

    @Test("What cannot be read gives something all the same, and ends")
    func broken() {
        for pattern in ["", "(", "[", "a{", "[^", "\\", "((((", "a{99999}", "*", "(?!x)y", "[z-a]"]
        {
            #expect(RegexSample(pattern).texts().count <= 8)
        }
    }
}
