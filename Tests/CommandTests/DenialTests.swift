import Cluster
import Foundation
import TestSupport
import Testing

/// What is found and proven for each kind of denial, as `fixtures/denials` tells it, one a file.
struct DenialTests {
    @Test(
        "The cure is the smallest, proven, and when it is applied the run passes",
        arguments: TestServer.all,
        Denial.all
    )
    func cure(server: TestServer, denial: Denial) async throws {
        guard denial.fact.holds(on: server.major) else { return }
        let denial = denial.withUniqueRoles()
        try await denial.check(on: try await server.makeDatabase(sql: denial.fact.text))
    }

    @Test("Without one of its statements the run still fails", arguments: Denial.all)
    func everyStatementIsNeeded(denial: Denial) async throws {
        guard denial.cures.count > 1, denial.fact.holds(on: TestServer.any.major) else { return }
        for left in denial.cures.indices {
            let denial = denial.withUniqueRoles()
            let database = try await TestServer.any.makeDatabase(sql: denial.fact.text)
            for (index, cure) in denial.cures.enumerated() where index != left {
                try database.execute(cure.sql)
            }
            let run = try await ReportedRun.of(database, denial.fact.arguments)
            #expect(run.command.status == 1, "without \(denial.cures[left].sql)")
        }
    }

    @Test(
        "Messages in another language change nothing",
        .enabled(if: Locales.areKnown, "localedef and Debian's translations are not there"),
        arguments: ["de_DE", "ja_JP"]
    )
    func otherLanguage(locale: String) async throws {
        let binaries = try #require(TestServer.all.first { Locales.isTranslated($0, locale) })
            .binaries
        try await withTemporaryDirectory { directory in
            try await Locales.define(locale, in: directory)
            let options = ServerOptions(settings: ["lc_messages": "\(locale).UTF-8"])
            let environment = ProcessInfo.processInfo.environment
                .merging(["LOCPATH": directory]) { $1 }
            try await withServer(
                of: binaries,
                options: options,
                environment: environment
            ) { server in
                let isTranslated = try Locales.speaks(locale, server)
                #expect(isTranslated)
                for denial in Denial.all where denial.fact.holds(on: binaries.major) {
                    let denial = denial.withUniqueRoles()
                    let database = try server.makeDatabase(sql: denial.fact.text)
                    try await denial.check(on: database)
                }
            }
        }
    }
}

/// One file of `fixtures/denials`.
struct Denial: Sendable, CustomStringConvertible {
    var fact: Fact

    var description: String { fact.name }

    static let all = Fact.all(in: "fixtures/denials").map { Denial(fact: $0) }

    func withUniqueRoles() -> Denial { Denial(fact: fact.withUniqueRoles()) }

    struct Cure: Hashable {
        let sql: String
        let runBy: String
    }

    /// The statements that are expected, in order, each with the role that must run it.
    var cures: [Cure] {
        fact.values(of: "cure").map { line in
            let parts = line.components(separatedBy: " by ")
            return Cure(
                sql: parts.dropLast().joined(separator: " by "),
                runBy: parts.last ?? ""
            )
        }
    }

    /// Runs, compares, applies the script twice and runs again.
    func check(on database: TestDatabase) async throws {
        let before = try database.fingerprint()
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "\(database.name)-\(UUID().uuidString).sql")
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try await ReportedRun.of(
            database,
            fact.arguments + ["--fix", folder.path()]
        )
        let failed = run.report.trials.filter { $0.verdict == "failed" }
        #expect(run.command.status == 1, "\(description): \(run.report.trials)")
        #expect(failed.count == 1, "\(description): \(run.report.trials)")
        #expect(try database.fingerprint().difference(from: before) == [], "\(description)")
        guard let trial = failed.first else { return }
        #expect(!trial.cure.contains { !$0.proven }, "\(description): \(trial)")
        #expect(
            trial.cure.map { Cure(sql: $0.sql, runBy: $0.runBy) } == cures,
            "\(description): \(trial)"
        )
        for reason in fact.reasons {
            #expect(trial.reason?.contains(reason) ?? false, "\(description): \(trial)")
        }
        let script = try String(contentsOf: folder, encoding: .utf8)
        guard !cures.isEmpty else {
            #expect(!script.contains("BEGIN"))
            return
        }
        #expect(trial.missing.count >= 1)
        #expect(script.contains("-- cures: \(trial.name)"))
        try database.execute(script)
        let once = try database.fingerprint()
        try database.execute(script)
        #expect(try database.fingerprint().difference(from: once) == [], "\(description)")
        let again = try await ReportedRun.of(database, fact.arguments)
        #expect(again.command.status == 0, "\(description): \(again.report.trials)")
    }
}

/// Languages that a server's messages can be in.
enum Locales {
    static let areKnown =
        FileManager.default.isExecutableFile(atPath: "/usr/bin/localedef")
        && FileManager.default.fileExists(atPath: "/usr/share/i18n/locales/ja_JP")
        && TestServer.all.contains { isTranslated($0, "de_DE") }

    static func isTranslated(_ server: TestServer, _ locale: String) -> Bool {
        // Debian's servers, built to look here.
        server.binaries.directory.hasPrefix("/usr/lib/postgresql/")
            && FileManager.default.fileExists(
                atPath: "/usr/share/locale/\(locale.prefix(2))/LC_MESSAGES/"
                    + "postgres-\(server.major).mo"
            )
    }

    static func define(_ locale: String, in directory: String) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/localedef")
        process.arguments = ["-i", locale, "-f", "UTF-8", "\(directory)/\(locale).UTF-8"]
        try process.run()
        process.waitUntilExit()
    }

    static func speaks(_ locale: String, _ server: PrivateServer) throws -> Bool {
        let database = try server.makeDatabase()
        do {
            try database.execute("SELECT nothing")
            return false
        } catch {
            let words = ["de_DE": "existiert nicht", "ja_JP": "存在しません"]
            return "\(error)".contains(words[locale] ?? "?")
        }
    }
}
