import Settings
import Testing

@Suite struct ConnectionEntryTests {
    private func resolved(
        _ text: String,
        options: Set<String> = [],
        _ environment: [String: String] = [:]
    ) throws -> [String: String] {
        let source = SettingsSource(path: "pgsmoke.yml", text: "connection:\n" + text)
        let file = try SettingsFile(source)
        return try file.connection.resolved(for: file, options: options, environment: environment)
    }

    @Test("Environment variables are looked up wherever they stand in a value")
    func variables() throws {
        let text = """
              host: ${A}.${B:-internal}
              port: 6432
              user: "${C:-}"
              password: ${P}
              dbname: $100 a ${B:-}
            """
        #expect(
            try resolved(text, ["A": "db", "C": "", "P": "s3cret$x"]) == [
                "host": "db.internal", "port": "6432", "user": "", "password": "s3cret$x",
                "dbname": "$100 a ",
            ]
        )
    }

    @Test("Options and environment come first, and their place is not even looked up")
    func precedence() throws {
        let text = "  host: ${NOWHERE}\n  port: ${NOWHERE}\n  user: mine\n"
        let environment = ["PGPORT": "1", "PGUSER": ""]
        #expect(try resolved(text, options: ["host"], environment) == ["user": "mine"])
        #expect(try resolved(text, ["PGSERVICE": "shop"]).isEmpty)
    }

    @Test("A variable that is not set, or empty, is told with its line", arguments: ["", nil])
    func unset(value: String?) throws {
        let error = #expect(throws: SettingsError.self) {
            try resolved("  user: x\n  host: ${DB_HOST}\n", value.map { ["DB_HOST": $0] } ?? [:])
        }
        #expect(error?.line == 3)
        #expect(error?.sentence.contains("DB_HOST of 'host' is not set or empty") == true)
    }

    @Test(
        "A certificate's relative path starts at the file",
        arguments: [
            ("pgsmoke.yml", "ca.crt", "ca.crt"), ("/a/pgsmoke.yml", "x/ca.crt", "/a/x/ca.crt"),
            ("/a/pgsmoke.yml", "/ca.crt", "/ca.crt"), ("/a/pgsmoke.yml", "system", "system"),
        ]
    )
    func paths(file: String, written: String, expected: String) throws {
        let text = "connection:\n  sslrootcert: \(written)\n  host: x\n"
        let file = try SettingsFile(SettingsSource(path: file, text: text))
        let resolved = try file.connection.resolved(for: file, options: [], environment: [:])
        #expect(resolved == ["sslrootcert": expected, "host": "x"])
    }

    @Test("A password that may be missing is then left to libpq's other ways")
    func missingPassword() throws {
        #expect(try resolved("  password: ${P:-}\n") == ["password": ""])
        let error = #expect(throws: SettingsError.self) { try resolved("  password: ${P}\n") }
        #expect(error?.sentence.hasSuffix("or give a default: ${P:-}") == true)
    }

    @Test(
        "No password stands in the file in clear, in whatever shape",
        arguments: [
            "password: hunter2", "password: \"${P}hunter2\"", "password: ${P:-hunter2}",
            "dbname: postgresql://u:hunter2@h/d", "dbname: \"postgres://u:${P}hunter2@h/d\"",
            "dbname: postgresql://u:${P:-hunter2}@h/d", "dbname: postgresql://h/d?password=hunter2",
            "dbname: \"host=h password = 'hunter2'\"", "dbname: \"host=h sslpassword=hunter2\"",
            "password: x$hunter2", "password: \"${hunter2 x}\"", "password: [hunter2]",
            "password: ${P}${hunter2}", "dbname: postgresql://u:p/hunter2@h/d",
        ]
    )
    func passwords(line: String) throws {
        let error = #expect(throws: SettingsError.self) { try resolved("  \(line)\n") }
        #expect(error?.message.contains("hunter2") == false)
        #expect(
            error?.sentence.contains(line.contains("[") ? "must be a text" : "does not belong")
                == true
        )
        #expect(error?.line == 2)
    }

    @Test("What cannot be read of a connection string is not quoted")
    func unreadableString() throws {
        let error = #expect(throws: SettingsError.self) {
            try resolved("  dbname: postgresql://u:pa$hunter2@h/d\n")
        }
        #expect(error?.sentence == "'dbname' holds a $ that starts no ${NAME}")
    }

    @Test(
        "What only looks like a password is none",
        arguments: [
            "dbname: postgresql://u:${P}@h/d", "dbname: postgresql://u@h:5432/d",
            "dbname: postgresql://h/d?application_name=a:b@c", "dbname: \"password=${P} host=h\"",
            "dbname: password", "dbname: u:p@h",
        ]
    )
    func noPasswords(line: String) throws {
        #expect(try resolved("  \(line)\n", ["P": "x"]).count == 1)
    }

    @Test(
        "What is no variable is told",
        arguments: ["$HOME", "${HOME", "${}", "${1A}", "${A-b}", "${A B}", "x$Y"]
    )
    func malformed(value: String) throws {
        #expect(throws: SettingsError.self) { try resolved("  host: \"\(value)\"\n") }
    }
}
