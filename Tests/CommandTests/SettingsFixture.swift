import Foundation
import TestSupport

/// One file of `fixtures/settings`, with the sentence that pgsmoke must say of it if it is bad.
struct SettingsFixture: Sendable, CustomStringConvertible {
    /// How a file is right or wrong: `good`, `bad-text` (no YAML that the file takes), `bad-shape`
    /// (a schema can know) or `bad-content` (only reader or server can).
    let kind: String
    let name: String

    var description: String { "\(kind)/\(name)" }

    var path: String { Self.folder.appending(path: "\(kind)/\(name)").path(percentEncoded: false) }

    /// The sentence behind the file's name, from the companion file.
    var sentence: String {
        get throws {
            let companion = path.replacing(".yml", with: ".txt")
            return try String(contentsOfFile: companion, encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }
    }

    static let folder = repository.appending(path: "fixtures/settings")

    static func all(_ kinds: String...) -> [SettingsFixture] {
        kinds.flatMap { kind in
            names(in: folder.appending(path: kind).path(percentEncoded: false))
                .filter { $0.hasSuffix(".yml") }
                .map { SettingsFixture(kind: kind, name: $0) }
        }
    }

    /// A new database of the shape that the files are about.
    static func database(on server: TestServer = .any) async throws -> TestDatabase {
        let file = folder.appending(path: "schema.sql")
        return try await server.makeDatabase(sql: String(contentsOf: file, encoding: .utf8))
    }
}
