import Foundation
import TestSupport
import Testing

/// The demo tells the story that the README tells.
struct DemoTests {
    @Test("The incident is found and cured, and exactly that")
    func demo() async throws {
        try await withTemporaryDirectory { directory in
            let run = try await CommandRun.of(["demo"], environment: ["TMPDIR": directory])
            #expect(run.status == 0, "\(run.standardOutput)\(run.standardError)")
            let text = run.standardOutput
            #expect(text.contains("denied    USAGE on sequence shop.jobs_id_seq"))
            #expect(text.contains("2 failed, 12 passed"))
            #expect(text.contains("14 passed"))
            #expect(names(in: directory) == [])
        }
    }

    @Test("Without a server's programs it says what to install and ends with 2")
    func noServer() async throws {
        let run = try await CommandRun.of(
            ["demo"],
            environment: ["PGSMOKE_PG_BINDIR": "/nonexistent"]
        )
        #expect(run.status == 2)
        #expect(run.standardError.contains("/nonexistent"))
        #expect(run.standardError.contains("pgsmoke: exit 2"))
    }

    @Test("The migrations within the command are those of fixtures/incident")
    func embedded() async throws {
        let files = try FileManager.default
            .contentsOfDirectory(
                atPath: repository.appending(path: "fixtures/incident/migrations").path()
            )
        let run = try await CommandRun.of(["demo"])
        let migrated = run.standardOutput.split(separator: "\n")
            .filter { $0.hasPrefix("demo: migrate ") }
            .map { String($0.dropFirst("demo: migrate ".count)) }
        #expect(migrated == files.sorted() + ["V6__grant_sequence.sql"])
    }
}
