internal import Glibc
internal import Subprocess
internal import SystemPackage

/// A throw-away PostgreSQL server that accepts connections.
package struct PrivateServer: Sendable, Hashable {
    /// The directory of its Unix socket, which serves as a host in connection options.
    package let socketDirectory: String
    /// The TCP port if it has one, and in any case the number in the socket's name.
    package let port: Int
    /// The process to signal: SIGHUP reads the configuration again.
    package let postmasterPID: Int32

    /// The role that may do everything, without a password by the socket.
    package var superuser: String { "postgres" }

    /// Where `initdb` put the files; the server's account owns it.
    package var dataDirectory: String { "\(socketDirectory)/data" }

    /// What the server reports about itself.
    package var logFile: String { "\(socketDirectory)/log" }

    /// Kills the server and its backends as a crash would, so that none of them can say good-bye.
    package func crash() {
        let backends = children(of: postmasterPID)
        for process in [postmasterPID] + backends { kill(process, SIGKILL) }
    }
}

/// The processes that the process started and that still run (proc_pid_children(5)).
private func children(of process: Int32) -> [Int32] {
    let path = FilePath("/proc/\(process)/task/\(process)/children")
    guard let file = try? FileDescriptor.open(path, .readOnly) else { return [] }
    let text = try? file.closeAfter {
        try String(unsafeUninitializedCapacity: 65_536) { try file.read(into: .init($0)) }
    }
    return (text ?? "").split(separator: " ").compactMap { Int32($0) }
}

/// Makes a server, lends it to `body` and removes it: process, files and all.
///
/// It is gone afterwards whatever happens: `body` returns or throws, the task is cancelled (then
/// the server still waits for `body` to end) or this process is killed.
/// - Throws: `startFailed`, what `body` throws, `CancellationError`.
package func withServer<Value: Sendable>(
    of binaries: ServerBinaries,
    options: ServerOptions = ServerOptions(),
    environment: [String: String] = [:],
    body: (PrivateServer) async throws -> Value
) async throws -> Value {
    let ending = try await run(
        watchdog(over: binaries, options: options, environment: environment),
        input: .inputWriter,
        output: .sequence,
        error: .string(limit: 65_536)
    ) { watchdog -> Value? in
        for try await line in watchdog.standardOutput.strings() {
            guard let server = PrivateServer(announcement: line, port: options.port) else { break }
            return try await body(server)
        }
        return nil
    }
    guard let value = ending.closureResult else {
        try Task.checkCancellation()
        throw ClusterError.startFailed(log: ending.standardError)
    }
    return value
}

extension PrivateServer {
    /// Reads what the watchdog prints once the server is ready: process and directory.
    fileprivate init?(announcement: String, port: Int) {
        let parts = announcement.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let process = Int32(parts[0]) else { return nil }
        postmasterPID = process
        socketDirectory = String(parts[1])
        self.port = port
    }
}
