package import Cluster
internal import Foundation
internal import Glibc
internal import Synchronization

/// The way to a server over a network that takes its time in both directions.
package final class DistantServer: Sendable {
    /// Where it listens at 127.0.0.1.
    package let port: Int
    private let listener: Int32
    private let delay: UInt32
    private let socketPath: String
    private let count = Mutex(0)

    /// How many strings of statements have gone to the server.
    package var requests: Int { count.withLock { $0 } }

    /// Begins to listen for connections that are handed on to `server`.
    ///
    /// A message takes `milliseconds` each way.
    package init(before server: PrivateServer, milliseconds: Int) throws {
        port = freePort()
        delay = UInt32(milliseconds) * 1_000
        socketPath = "\(server.socketDirectory)/.s.PGSQL.\(server.port)"
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = UInt16(port).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isBound, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { break }
                self.handOn(client)
            }
        }
    }

    /// Takes no more connections.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func handOn(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else {
            close(client)
            close(server)
            return
        }
        var on: Int32 = 1
        setsockopt(
            client,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &on,
            socklen_t(MemoryLayout<Int32>.size)
        )
        Thread.detachNewThread { self.pass(from: client, to: server, isRequest: true) }
        Thread.detachNewThread { self.pass(from: server, to: client, isRequest: false) }
    }

    private func pass(from source: Int32, to target: Int32, isRequest: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let size = read(source, &buffer, buffer.count)
            guard size > 0 else { break }
            usleep(delay)
            // A simple query (manual, 55.7, Message Formats).
            if isRequest, buffer[0] == UInt8(ascii: "Q") { count.withLock { $0 += 1 } }
            var written = 0
            while written < size {
                let part = buffer[written..<size].withUnsafeBytes {
                    write(target, $0.baseAddress, $0.count)
                }
                guard part > 0 else { break }
                written += part
            }
            guard written == size else { break }
        }
        shutdown(source, Int32(SHUT_RD))
        shutdown(target, Int32(SHUT_WR))
    }
}
