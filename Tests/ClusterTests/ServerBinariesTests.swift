import Cluster
import TestSupport
import Testing

@Suite("A server's programs are found")
struct ServerBinariesTests {
    private let known = TestServer.any.binaries

    @Test("in the directory that is named, before the one that the environment names")
    func explicitFirst() throws {
        let environment = ["PGSMOKE_PG_BINDIR": "/nowhere", "PATH": "/nowhere"]
        let found = try ServerBinaries.find(explicit: known.directory, environment: environment)
        #expect(found == known)
    }

    @Test("in PGSMOKE_PG_BINDIR")
    func namedByEnvironment() throws {
        let environment = ["PGSMOKE_PG_BINDIR": known.directory]
        #expect(try ServerBinaries.find(environment: environment) == known)
    }

    @Test("in the first directory of PATH that has them")
    func inPath() throws {
        let environment = ["PATH": "/nowhere:\(known.directory):/usr/bin"]
        #expect(try ServerBinaries.find(environment: environment) == known)
    }

    @Test("A named directory without them is an error that says which")
    func namedInVain() throws {
        let error = #expect(throws: ClusterError.self) {
            try ServerBinaries.find(environment: ["PGSMOKE_PG_BINDIR": "/nowhere"])
        }
        #expect(error == .notAServer(directory: "/nowhere"))
    }

    @Test("Where there are none the error says what to install")
    func noneFound() {
        #expect(ClusterError.noServerFound.description.contains("apt-get install postgresql"))
    }
}
