import Foundation
import TestSupport
import Testing

/// A settings file that is wrong gets one sentence and exit 78, and nothing is tried.
@Suite(.serialized) struct BadSettingsTests {
    @Test("Every bad file is told in its one sentence, with its line, and nothing is run")
    func sentences() async throws {
        let database = try await SettingsFixture.database()
        let before = try database.fingerprint()
        let fixtures = SettingsFixture.all("bad-text", "bad-shape", "bad-content")
        #expect(fixtures.count > 90)
        try await withTemporaryDirectory { folder in
            for fixture in fixtures {
                let report = "\(folder)/report.xml"
                let command = try await CommandRun.of(
                    database.options() + ["-q", "-c", fixture.path, "--junit", report]
                )
                #expect(command.status == 78, "\(fixture)")
                #expect(command.standardOutput.isEmpty, "\(fixture)")
                let home = SettingsFixture.folder.path(percentEncoded: false)
                let lines = command.standardError.split(separator: "\n").map {
                    $0.replacing("\(home)/\(fixture.kind)/", with: "")
                }
                #expect(
                    try lines == [
                        "pgsmoke: \(fixture.sentence)",
                        "pgsmoke: exit 78: an error in the configuration file",
                    ],
                    "\(fixture)"
                )
                #expect(names(in: folder).isEmpty)
                #expect(!command.standardError.contains("secret-of-mine"))
            }
        }
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("What the server says of a bad file is the same sentence on every version")
    func versions() async throws {
        for server in TestServer.all.dropFirst() {
            let database = try await SettingsFixture.database(on: server)
            for fixture in SettingsFixture.all("bad-content") {
                let command = try await CommandRun.of(
                    database.options() + ["-q", "-c", fixture.path]
                )
                #expect(command.status == 78, "\(fixture) on \(server)")
                let sentence = try fixture.sentence.split(separator: ":", maxSplits: 2)
                #expect(
                    command.standardError.contains("\(fixture.name):\(sentence[1]):"),
                    "\(command.standardError) on \(server)"
                )
            }
        }
    }

    @Test(
        "A file that is not there, a directory or an endless one is told as well",
        arguments: [
            ("/no/such.yml", "there is no such file"), ("/tmp", "this is a directory"),
            ("/dev/zero", "the file is larger than 1 MiB"), ("/dev/null", "the file says nothing"),
        ]
    )
    func noFile(path: String, words: String) async throws {
        let command = try await CommandRun.of(["-c", path])
        #expect(command.status == 78)
        #expect(command.standardError.contains("pgsmoke: \(path): \(words)"))
        #expect(command.standardOutput.isEmpty)
    }

    @Test("An empty name for the file is wrong usage")
    func emptyName() async throws {
        #expect(try await CommandRun.of(["-c", ""]).status == 64)
    }

    @Test("A connection string of the file's that libpq cannot read is the file's mistake")
    func connectionString() async throws {
        try await withTemporaryDirectory { folder in
            let file = "\(folder)/pgsmoke.yml"
            try "connection:\n  dbname: postgresql://h/shop?sslmod=require\n"
                .write(toFile: file, atomically: true, encoding: .utf8)
            let command = try await CommandRun.of(["-c", file])
            #expect(command.status == 78)
            #expect(
                command.standardError.contains(
                    "\(file):2: 'dbname' holds the URI parameter 'sslmod'"
                )
            )
        }
    }

    @Test(
        "The JSON Schema and the reader agree wherever a schema can know",
        .enabled(if: schemaPython != nil)
    )
    func schema() throws {
        let script = """
            import json, sys, yaml, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft7Validator.check_schema(schema)
            validator = jsonschema.Draft7Validator(schema)
            for path in sys.argv[2:]:
                errors = list(validator.iter_errors(yaml.safe_load(open(path))))
                if bool(errors) != ("/bad-shape/" in path):
                    print(path, [error.message for error in errors])
            """
        let fixtures = SettingsFixture.all("good", "bad-shape", "bad-content").map(\.path)
        let schema = repository.appending(path: "ci/pgsmoke.schema.json").path(
            percentEncoded: false
        )
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: schemaPython ?? "")
        process.arguments = ["-c", script, schema] + fixtures
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text == "")
    }
}

/// The Python that holds the packages which read schemas, as `ci/test` installs them.
private let schemaPython: String? = {
    guard let python = ProcessInfo.processInfo.environment["PGSMOKE_TEST_PYTHON"] else {
        return nil
    }
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = ["-c", "import jsonschema, yaml"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? python : nil
}()
