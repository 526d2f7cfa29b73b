internal import CLibPQ

extension ConnectionTarget {
    /// Makes the target at which a role logs in besides a connection that is there.
    ///
    /// `parameters` are libpq's; a URI, conninfo or JDBC string stands as `dbname`. What they leave out
    /// is the other connection's: the database and, where they name no server, its server and how it is
    /// reached. The user is the role, and credentials are never taken over: neither those of the other
    /// connection nor `PGPASSWORD`, nor the settings of `PGOPTIONS`, which are its own as well.
    /// - Throws: `invalidConnectionString`, which names `origin`.
    package static func login(
        as role: String,
        by parameters: [String: String],
        besides connection: Connection,
        origin: String,
        environment: [String: String]
    ) throws(PostgresError) -> ConnectionTarget {
        var own = try expanded(parameters, origin).filter { !$0.value.isEmpty }
        if own["service"] == nil {
            let isElsewhere = own["host"] != nil || own["hostaddr"] != nil
            let other = connection.address
            for (name, value) in other where name == "dbname" || !isElsewhere {
                own[name] = own[name] ?? value
            }
            own["user"] = own["user"] ?? role
        }
        for name in ["password", "options"] { own[name] = own[name] ?? "" }
        var target = ConnectionTarget(
            database: Conninfo.string(own.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }),
            user: own["user"],
            environment: environment
        )
        target.origin = origin
        return target
    }

    /// Takes a connection string apart, whose parameters come before those beside it.
    private static func expanded(
        _ parameters: [String: String],
        _ origin: String
    ) throws(PostgresError) -> [String: String] {
        var target = ConnectionTarget(database: parameters["dbname"])
        target.origin = origin
        try target.validate()
        if let port = parameters["port"] { try checkPort(port, origin) }
        guard target.isConnectionString, let string = try target.connectionString() else {
            return parameters
        }
        var all = parameters
        all["dbname"] = nil
        all.merge(Conninfo.parameters(of: string) ?? [:]) { $1 }
        return all
    }
}

extension Connection {
    /// The server that was reached, the database, and how others reach them: no credentials.
    fileprivate var address: [String: String] {
        unsafe withHandle { raw in
            guard let options = unsafe PQconninfo(raw) else { return [:] }
            defer { unsafe PQconninfoFree(options) }
            var address = unsafe Conninfo.parameters(options).filter {
                Self.roadKeywords.contains($0.key)
            }
            // Of several hosts, the one that answered.
            address["dbname"] = unsafe PQdb(raw).map { unsafe String(cString: $0) }
            address["host"] = unsafe PQhost(raw).map { unsafe String(cString: $0) }
            address["port"] = unsafe PQport(raw).map { unsafe String(cString: $0) }
            address["hostaddr"] = unsafe PQhostaddr(raw).map { unsafe String(cString: $0) }
            return address.filter { !$0.value.isEmpty }
        }
    }

    private static let roadKeywords: Set<String> = [
        "passfile", "connect_timeout", "sslmode", "sslnegotiation", "sslrootcert", "sslcrl",
        "sslcrldir", "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode",
        "channel_binding", "requirepeer", "keepalives", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout",
    ]
}
