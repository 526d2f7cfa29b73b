import Glibc
import TestSupport
import Testing

@Suite("A run of the command")
struct CommandRunTests {
    @Test("has its status and what it printed")
    func statusAndOutput() async throws {
        let run = try await CommandRun.of(["--version"])
        #expect(run.status == 0)
        #expect(run.standardOutput.split(separator: "\n").count == 1)
        #expect(run.standardError == "")
    }

    @Test("can have a terminal")
    func terminal() async throws {
        let run = try await CommandRun.of(["--version"], onTerminal: true)
        #expect(run.status == 0)
        #expect(run.standardOutput.hasSuffix("\r\n"))
    }

    @Test("can be interrupted")
    func interruption() async throws {
        let run = try await CommandRun.of(
            ["demo"],
            interruption: Interruption(SIGKILL, after: .milliseconds(30))
        )
        #expect(run.status == 128 + SIGKILL)
    }
}
