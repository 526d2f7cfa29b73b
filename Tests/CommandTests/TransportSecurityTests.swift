import Cluster
import Foundation
import TestSupport
import Testing

/// Over TCP with TLS against a private certificate authority, and SCRAM passwords.
struct TransportSecurityTests {
    @Test("A verified certificate and a password file are enough; anything else is exit 2")
    func verified() async throws {
        try await withTemporaryDirectory { directory in
            let authority = try Authority("ours", in: directory)
            let stranger = try Authority("stranger", in: directory)
            let certificate = try authority.certificate(for: "localhost", in: directory)
            let port = freePort()
            let options = ServerOptions(
                settings: [
                    "ssl": "on", "ssl_key_file": certificate.key,
                    "ssl_cert_file": certificate.file,
                ],
                accessRules: ["hostssl all all 127.0.0.1/32 scram-sha-256"],
                tcpPort: port
            )
            let passwords = "\(directory)/passwords"
            try "localhost:\(port):*:guarded:right-sekret\n".write(
                toFile: passwords,
                atomically: true,
                encoding: .utf8
            )
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: passwords
            )
            let environment = ["PGPASSFILE": passwords, "PGHOSTADDR": "127.0.0.1"]
            func connect(_ url: String) async throws -> CommandRun {
                let command = try await CommandRun.of(["-d", url], environment: environment)
                #expect(!(command.standardOutput + command.standardError).contains("sekret"))
                return command
            }
            try await withServer(of: TestServer.any.binaries, options: options) { server in
                try TestDatabase(on: server)
                    .execute("CREATE ROLE guarded LOGIN PASSWORD 'right-sekret'")
                let root = "sslrootcert=\(authority.file)"
                for url in [
                    "postgresql://guarded@localhost:\(port)/postgres?sslmode=verify-full&\(root)",
                    "jdbc:postgresql://localhost:\(port)/postgres?user=guarded&ssl=true&\(root)",
                    "jdbc:postgresql://localhost:\(port)/postgres?user=guarded"
                        + "&password=right-sekret&sslmode=verify-ca&\(root)",
                ] {
                    let allowed = try await connect(url)
                    // Nobody may insert anywhere in an empty database.
                    #expect(allowed.status == 3, "\(allowed.standardOutput)")
                }
                let base = "postgresql://guarded@localhost:\(port)/postgres?sslmode="
                for (rest, word) in [
                    ("verify-full&sslrootcert=\(stranger.file)", "certificate verify failed"),
                    ("verify-full&sslrootcert=\(directory)/none", "does not exist"),
                    ("disable", "pg_hba.conf"),
                ] {
                    let refused = try await connect(base + rest)
                    #expect(refused.status == 2)
                    // The words are libpq's; the terminal report breaks lines between them.
                    let words = refused.standardOutput.split { " \n│".contains($0) }
                    #expect(words.joined(separator: " ").contains(word))
                }
                let byAddress = try await connect(
                    "postgresql://guarded:right-sekret@127.0.0.1:\(port)/postgres"
                        + "?sslmode=verify-full&\(root)"
                )
                #expect(byAddress.status == 2)
            }
        }
    }

    /// A certificate authority of the test's own.
    private struct Authority {
        let file: String
        private let key: String
        private let name: String

        init(_ name: String, in directory: String) throws {
            self.name = name
            file = "\(directory)/\(name).crt"
            key = "\(directory)/\(name).key"
            try openssl([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=\(name)", "-keyout", key, "-out", file,
            ])
        }

        /// Signs a certificate whose key the server's account alone may read.
        func certificate(
            for host: String,
            in directory: String
        ) throws -> (file: String, key: String) {
            let stem = "\(directory)/\(host)"
            try openssl([
                "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(host)", "-keyout",
                "\(stem).key", "-out", "\(stem).csr",
            ])
            try "subjectAltName=DNS:\(host)\n".write(
                toFile: "\(stem).ext",
                atomically: true,
                encoding: .utf8
            )
            try openssl([
                "x509", "-req", "-in", "\(stem).csr", "-CA", file, "-CAkey", key, "-CAcreateserial",
                "-days", "2", "-extfile", "\(stem).ext", "-out", "\(stem).crt",
            ])
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: "\(stem).key"
            )
            if getuid() == 0, let account = getpwnam("postgres") {
                chown("\(stem).key", account.pointee.pw_uid, account.pointee.pw_gid)
            }
            return ("\(stem).crt", "\(stem).key")
        }

        private func openssl(_ arguments: [String]) throws {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }
    }
}
