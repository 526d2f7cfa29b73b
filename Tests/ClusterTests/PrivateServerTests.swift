import Cluster
import Glibc
import Postgres
import TestSupport
import Testing

@Suite("A private server")
struct PrivateServerTests {
    @Test("is reached by its socket only, has its settings, and is gone", arguments: TestServer.all)
    func isPrivate(kind: TestServer) async throws {
        let options = ServerOptions(settings: ["work_mem": "17MB", "cluster_name": "it's 1"])
        let server = try await withServer(of: kind.binaries, options: options) { server in
            let facts = """
                SELECT current_setting('server_version_num')::int / 10000, current_user,
                    current_setting('listen_addresses'), current_setting('server_encoding'),
                    current_setting('work_mem'), current_setting('cluster_name')
                """
            let rows = try TestDatabase(on: server).rows(facts)
            #expect(rows == [["\(kind.major)", "postgres", "", "UTF8", "17MB", "it's 1"]])
            #expect(isThere(server))

            // Others cannot look inside, it does not run as root, and no Ctrl-C reaches it.
            var status = stat()
            #expect(stat(server.socketDirectory, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
            #expect(status.st_uid != 0)
            #expect(getsid(server.postmasterPID) != getsid(0))
            return server
        }
        #expect(isGone(server))
    }

    @Test("listens at 127.0.0.1 for those whom an access rule names")
    func listensWhenTold() async throws {
        let options = ServerOptions(
            accessRules: ["host postgres visitor 127.0.0.1/32 scram-sha-256"],
            tcpPort: freePort()
        )
        try await withServer(of: TestServer.any.binaries, options: options) { server in
            let database = TestDatabase(on: server)
            try database.execute("CREATE ROLE visitor LOGIN PASSWORD 'open sesame'")
            func target(_ user: String, _ password: String) -> ConnectionTarget {
                ConnectionTarget(
                    database: "host=127.0.0.1 port=\(server.port) dbname=postgres "
                        + "user=\(user) password='\(password)'"
                )
            }
            _ = try Connection(to: target("visitor", "open sesame"))
            #expect(throws: PostgresError.self) { _ = try Connection(to: target("visitor", "x")) }
            #expect(throws: PostgresError.self) { _ = try Connection(to: target("postgres", "")) }
        }
    }

    @Test("can be a standby that is read")
    func canBeStandby() async throws {
        let options = ServerOptions(isStandby: true)
        try await withServer(of: TestServer.any.binaries, options: options) { server in
            let rows = try TestDatabase(on: server).rows("SELECT pg_is_in_recovery()")
            #expect(rows == [["t"]])
        }
    }

    @Test("lies in TMPDIR where a socket's path fits there, else in /tmp")
    func liesInTemporaryDirectory() async throws {
        let binaries = TestServer.any.binaries
        try await withTemporaryDirectory { directory in
            try await withServer(of: binaries, environment: ["TMPDIR": directory]) { server in
                #expect(server.socketDirectory.hasPrefix(directory + "/"))
            }
            let long = directory + "/" + String(repeating: "x", count: 80)
            mkdir(long, 0o777)
            try await withServer(of: binaries, environment: ["TMPDIR": long]) { server in
                #expect(server.socketDirectory.hasPrefix("/tmp/pgsmoke."))
            }
        }
    }

    @Test("that does not start says why, and leaves nothing")
    func reportsFailure() async throws {
        try await withTemporaryDirectory { directory in
            let options = ServerOptions(settings: ["shared_buffers": "a lot"])
            let error = await #expect(throws: ClusterError.self) {
                try await withServer(
                    of: TestServer.any.binaries,
                    options: options,
                    environment: ["TMPDIR": directory]
                ) { _ in }
            }
            #expect(error?.description.contains("shared_buffers") == true)
            #expect(names(in: directory).isEmpty)
        }
    }
}
