import Foundation
import Glibc
import TestSupport
import Testing

/// A server that is older than 13 is refused with its version.
struct OldServerTests {
    @Test("PostgreSQL 12 is refused before anything is asked of it")
    func oldServer() async throws {
        let port = freePort()
        let listener = try Listener(port: port)
        let server = Thread { listener.answerOnce(version: "12.22") }
        server.start()
        let uri = "postgresql://x@127.0.0.1:\(port)/x?sslmode=disable&gssencmode=disable"
        let run = try await CommandRun.of(["-d", uri])
        #expect(run.status == 2)
        #expect(run.standardOutput.contains("12.22"))
        #expect(run.standardOutput.contains("13 or later"))
    }

    /// As much of a server as greets a client (manual, 55.2.1).
    private final class Listener: Sendable {
        private let descriptor: CInt

        init(port: Int) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, size) == 0
                }
            }
            try #require(isBound && listen(descriptor, 1) == 0)
        }

        deinit { close(descriptor) }

        func answerOnce(version: String) {
            let client = accept(descriptor, nil, nil)
            guard client >= 0 else { return }
            defer { close(client) }
            var startup = [UInt8](repeating: 0, count: 1_024)
            _ = read(client, &startup, startup.count)
            let status = Array("server_version\0\(version)\0".utf8)
            let length = UInt8(status.count + 4)
            let greeting: [UInt8] =
                [UInt8(ascii: "R"), 0, 0, 0, 8, 0, 0, 0, 0]
                + [UInt8(ascii: "S"), 0, 0, 0, length] + status
                + [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")]
            _ = write(client, greeting, greeting.count)
            // Until the client goes.
            _ = read(client, &startup, startup.count)
        }
    }
}
