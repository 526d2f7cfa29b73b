/// What a throw-away server has beyond, or other than, the usual.
package struct ServerOptions: Sendable, Hashable {
    /// Settings by name, stronger than those that make such a server fast.
    package var settings: [String: String]
    /// Lines of `pg_hba.conf` that are read before the one that lets everybody in by the socket.
    ///
    /// Without a line for it nobody gets in by TCP: everybody on the machine could try.
    package var accessRules: [String]
    /// The port to listen on at 127.0.0.1; without one the server has no TCP at all.
    package var tcpPort: Int?
    /// Whether the server stays in recovery, as a standby that can be read.
    package var isStandby: Bool

    /// Describes a server that is reached by its socket only.
    package init(
        settings: [String: String] = [:],
        accessRules: [String] = [],
        tcpPort: Int? = nil,
        isStandby: Bool = false
    ) {
        self.settings = settings
        self.accessRules = accessRules
        self.tcpPort = tcpPort
        self.isStandby = isStandby
    }

    /// The port, which is part of the socket's name too.
    var port: Int { tcpPort ?? 5_432 }

    /// The settings as the server's command line takes them.
    var serverArguments: [String] {
        var all = [
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            // In files, which go with the directory even if the server is killed.
            "dynamic_shared_memory_type": "mmap",
            // What is the default from 14 on.
            "password_encryption": "scram-sha-256",
            "listen_addresses": tcpPort == nil ? "" : "127.0.0.1",
            "port": "\(port)",
        ]
        all.merge(settings) { _, given in given }
        return all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }
}
