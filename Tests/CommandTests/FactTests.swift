import Foundation
import TestSupport
import Testing

/// What the server really does, as `fixtures/facts` tells it, one fact a file.
struct FactTests {
    @Test("pgsmoke's verdict is what the fact says", arguments: TestServer.all, Fact.all)
    func verdict(server: TestServer, fact: Fact) async throws {
        guard fact.holds(on: server.major) else { return }
        let fixture = fact.withUniqueRoles()
        let database = try await server.makeDatabase(sql: fixture.text)
        try await fixture.check(in: database) { try await ReportedRun.of(database, $0) }
    }
}

/// One file of `fixtures/facts`: a sentence, expectations as comments, and the schema.
struct Fact: Sendable, CustomStringConvertible {
    let name: String
    let text: String
    /// The roles that the placeholders became.
    var roles: Set<String> = []

    var description: String { name }

    struct Expectation {
        let name: String
        let verdict: String
        let type: String?
        let missing: String?
        let stage: String?
    }

    static let all = all(in: "fixtures/facts")

    /// The files of a folder of fixtures, by name.
    static func all(in folder: String) -> [Fact] {
        let directory = repository.appending(path: folder)
        let files = try? FileManager.default.contentsOfDirectory(
            at: directory,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).filter { $0.pathExtension == "sql" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { file in
                (try? String(contentsOf: file, encoding: .utf8)).map {
                    Fact(name: file.deletingPathExtension().lastPathComponent, text: $0)
                }
            }
    }

    func holds(on major: Int) -> Bool {
        let from = values(of: "from").first.flatMap { Int($0) } ?? 0
        let until = values(of: "until").first.flatMap { Int($0) } ?? .max
        return (from...until).contains(major)
    }

    /// Roles belong to the whole server, so each test has its own for `{app}`, `{owner}` and so on.
    func withUniqueRoles() -> Fact {
        var text = text
        var roles: Set<String> = []
        for stem in ["app", "owner", "writers", "drawers"] {
            let role = uniqueRoleName(stem)
            text = text.replacing("{\(stem)}", with: role)
            roles.insert(role)
        }
        return Fact(name: name, text: text, roles: roles)
    }

    /// The command's arguments; without any line about them, `{app}` is to insert everywhere.
    var arguments: [String] {
        // Where many tests run at once, a search takes its time.
        let patience = ["--row-budget", "30"]
        if let line = values(of: "arguments").first {
            return line.split(separator: " ").map(String.init) + patience
        }
        return
            (roles.first { $0.hasPrefix("app") }
            .map { ["--role", $0, "--operations", "insert"] } ?? []) + patience
    }

    /// Lends the arguments, with the settings file that the fact's `file` lines make up.
    func withArguments<Value: Sendable>(
        _ body: ([String]) async throws -> Value
    ) async throws -> Value {
        let lines = values(of: "file")
        guard !lines.isEmpty else { return try await body(arguments) }
        return try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try lines.joined(separator: "\n")
                .write(toFile: file, atomically: true, encoding: .utf8)
            return try await body(arguments + ["-c", file])
        }
    }

    var reasons: [String] { values(of: "reason") }

    /// Reads lines like `insert public.t as app: failed MissingX: USAGE on … @ defaults`.
    var expectations: [Expectation] {
        values(of: "expect").map { line in
            let parts = line.components(separatedBy: " @ ")
            let fields = parts[0].components(separatedBy: ": ")
            let words = fields[1].split(separator: " ").map(String.init)
            return Expectation(
                name: fields[0],
                verdict: words[0],
                type: words.count > 1 ? words[1] : nil,
                missing: fields.count > 2 ? fields[2] : nil,
                stage: parts.count > 1 ? parts[1] : nil
            )
        }
    }

    /// Expects of a run on the fact's schema what the fact says, and that nothing is left behind.
    func check(
        in database: TestDatabase,
        run: ([String]) async throws -> ReportedRun
    ) async throws {
        let before = try database.fingerprint()
        let report = try await withArguments(run).report
        check(report)
        #expect(report.sequencesConsumed.isEmpty, "\(name)")
        #expect(try database.fingerprint().difference(from: before) == [], "\(name)")
    }

    /// Expects of the report what the fact says of its roles.
    func check(_ report: Report) {
        let trials = report.trials.filter { roles.contains($0.role) }
        #expect(Set(trials.map(\.name)) == Set(expectations.map(\.name)), "\(name)")
        for expectation in expectations {
            guard let trial = report.trial(expectation.name) else { continue }
            let type = trial.type.map { $0.replacing("pgsmoke.", with: "") }
            let missing = trial.missing.map { missing in
                let name = [missing.schema, missing.name].compactMap(\.self).joined(separator: ".")
                return "\(missing.privilege) on \(missing.kind) \(name) for \(missing.grantee)"
            }
            #expect(trial.verdict == expectation.verdict, "\(name): \(trial)")
            #expect(type == expectation.type, "\(name): \(trial)")
            #expect(
                missing.joined(separator: ", ") == expectation.missing ?? "",
                "\(name): \(trial)"
            )
            if let stage = expectation.stage { #expect(trial.stage == stage, "\(name): \(trial)") }
        }
        for reason in reasons {
            #expect(trials.contains { $0.reason?.contains(reason) ?? false }, "\(trials)")
        }
        for text in values(of: "no reason") {
            #expect(!trials.contains { $0.reason?.contains(text) ?? false }, "\(trials)")
        }
    }

    func values(of key: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let start = "-- \(key):"
            guard line.hasPrefix(start) else { return nil }
            return line.dropFirst(start.count).trimmingCharacters(in: .whitespaces)
        }
    }
}

/// The repository's folder.
let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
