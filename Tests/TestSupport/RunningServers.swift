internal import Cluster

/// The servers that run until the process ends, at most one of a kind.
actor RunningServers {
    static let shared = RunningServers()

    private var starts: [TestServer: Task<PrivateServer, any Error>] = [:]

    /// Returns the server of that kind, starting it for whoever asks first.
    func server(for kind: TestServer) async throws -> PrivateServer {
        let start = starts[kind] ?? Task { try await serverForGood(of: kind.binaries) }
        starts[kind] = start
        return try await start.value
    }
}

/// Starts a server that nobody stops: its watchdog does when this process is gone.
private func serverForGood(of binaries: ServerBinaries) async throws -> PrivateServer {
    var settings = ["max_connections": "200"]
    if binaries.hasLibrary("pg_stat_statements") {
        settings["shared_preload_libraries"] = "pg_stat_statements"
    }
    let options = ServerOptions(settings: settings)
    let (servers, announcement) = AsyncThrowingStream<PrivateServer, any Error>.makeStream()
    Task {
        do {
            try await withServer(of: binaries, options: options, environment: environment) {
                announcement.yield($0)
                while true { try await Task.sleep(for: .seconds(3_600)) }
            }
        } catch {
            announcement.finish(throwing: error)
        }
    }
    for try await server in servers { return server }
    throw CancellationError()
}
