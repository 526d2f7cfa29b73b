import Foundation
import TestSupport
import Testing

/// The contract of a writer, a reader and a migrator, and every single departure from it, as
/// `fixtures/contract` tells them.
struct ContractTests {
    @Test("A database that keeps the contract passes", arguments: TestServer.all)
    func kept(server: TestServer) async throws {
        let contract = Contract()
        let database = try await server.makeDatabase(sql: try contract.schema)
        let before = try database.fingerprint()
        let run = try await contract.run(on: database)
        #expect(run.command.status == 0, "\(run.command.standardError)")
        let others = run.report.trials.filter { $0.verdict != "passed" }
        #expect(others.isEmpty, "\(others)")
        #expect(run.report.trials.count > 250)
        #expect(run.report.sequencesConsumed.isEmpty)
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test(
        "Every single departure is found by operation and table, and nothing else is",
        arguments: TestServer.all,
        Deviation.all
    )
    func departed(server: TestServer, deviation: Deviation) async throws {
        guard deviation.holds(on: server.major) else { return }
        let contract = Contract()
        let database = try await server.makeDatabase(sql: try contract.schema)
        defer { contract.retire(from: database) }
        try database.execute(contract.named(deviation.text))
        let before = try database.fingerprint()
        let run = try await contract.run(on: database)
        let trials = run.report.trials
        let found = trials.filter { $0.verdict == "failed" }.map { contract.unnamed($0.name) }
        let all = trials.map { contract.unnamed($0.name) }
        #expect(Set(found) == deviation.failures(among: all), "\(deviation)")
        let undecided = trials.filter { !["passed", "failed"].contains($0.verdict) }
            .map { contract.unnamed($0.name) }
        #expect(
            Set(undecided) == deviation.failures(among: all, key: "undecided"),
            "\(deviation): \(undecided)"
        )
        #expect(run.command.status == (found.isEmpty ? 0 : 1))
        for type in deviation.values(of: "type") {
            #expect(
                trials.allSatisfy { $0.verdict != "failed" || $0.type == "pgsmoke.\(type)" },
                "\(deviation): \(trials.compactMap(\.type))"
            )
        }
        for reason in deviation.values(of: "reason") {
            #expect(
                trials.contains { $0.reason?.contains(contract.named(reason)) ?? false },
                "\(deviation): \(reason)"
            )
        }
        #expect(try database.fingerprint().difference(from: before) == [], "\(deviation)")
    }
}

/// The fixture with roles of its own: roles belong to the whole server.
struct Contract {
    private let names = ["app_role", "readonly_role", "migrator"].map {
        (written: $0, used: uniqueRoleName($0))
    }

    static let folder = repository.appending(path: "fixtures/contract")

    /// Takes from the roles what reaches into the databases of other tests.
    func retire(from database: TestDatabase) {
        // From 14 on; before that there is nothing to take.
        let predefined = ["pg_write_all_data", "pg_read_all_data"]
        for (_, role) in names {
            let harmless = "NOSUPERUSER NOCREATEROLE NOBYPASSRLS NOLOGIN"
            try? database.execute("ALTER ROLE \"\(role)\" \(harmless)")
            for group in predefined { try? database.execute("REVOKE \(group) FROM \"\(role)\"") }
        }
    }

    var schema: String {
        get throws { named(try Self.text(of: "schema.sql")) }
    }

    static func text(of file: String) throws -> String {
        try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    }

    /// Gives the roles the names that they have in this test.
    func named(_ text: String) -> String {
        names.reduce(text.replacing("profile: migrator", with: "profile: \0")) {
            $0.replacing($1.written, with: $1.used)
        }.replacing("\0", with: "migrator")
    }

    func unnamed(_ text: String) -> String {
        names.reduce(text) { $0.replacing($1.used, with: $1.written) }
    }

    func run(on database: TestDatabase, as user: String? = nil) async throws -> ReportedRun {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try named(try Self.text(of: "pgsmoke.yml"))
                .write(toFile: file, atomically: true, encoding: .utf8)
            return try await ReportedRun.of(database, ["-c", file], as: user)
        }
    }
}

/// One departure from the contract: a sentence, what must fail, and the SQL that brings it about.
struct Deviation: Sendable, CustomStringConvertible {
    let text: String

    var description: String { String(text.prefix { $0 != "\n" }) }

    static let all: [Deviation] = ["too-little.sql", "too-much.sql"].flatMap { file in
        ((try? Contract.text(of: file)) ?? "").components(separatedBy: "\n-- deviation: ")
            .dropFirst()
            .map { Deviation(text: "-- \($0)") }
    }

    func holds(on major: Int) -> Bool {
        let from = values(of: "from").first.flatMap { Int($0) } ?? 0
        let until = values(of: "until").first.flatMap { Int($0) } ?? .max
        return (from...until).contains(major)
    }

    /// The names of the cases that must fail: lines like `insert, update shop.* as app_role`, whose
    /// object may be a pattern, stand for all of the cases that they match.
    func failures(among names: [String], key: String = "fails") -> Set<String> {
        var failures: Set<String> = []
        for line in values(of: key) {
            let words = line.replacing(", ", with: ",").split(separator: " ", maxSplits: 2)
            for operation in words[0].split(separator: ",") {
                let matched = names.filter { name in
                    let parts = name.split(separator: " ", maxSplits: 2)
                    return parts.count == 3 && parts[0] == operation && parts[2] == words[2]
                        && fnmatch(String(words[1]), String(parts[1]), 0) == 0
                }
                // A line that stands for nothing is a mistake of the fixture.
                failures.formUnion(matched.isEmpty ? ["nothing like \(line)"] : matched)
            }
        }
        return failures
    }

    func values(of key: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let start = "-- \(key): "
            return line.hasPrefix(start) ? String(line.dropFirst(start.count)) : nil
        }
    }
}
