/// What a parameter of pgJDBC is to libpq.
enum JDBCParameter {
    /// libpq has it too, under the name given.
    case same(String)
    /// A number of seconds after which connecting ends.
    case timeout
    /// A part of what becomes `sslmode`.
    case security
    case keepAlive
    case serverType
    /// Concerns the driver, or the session of whom the URL was written for, and no trial.
    case driverOnly

    init?(_ name: String) {
        if let keyword = Self.keywords[name] {
            self = .same(keyword)
            return
        }
        switch name {
        case "connectTimeout", "loginTimeout": self = .timeout
        case "ssl", "sslmode", "sslfactory": self = .security
        case "tcpKeepAlive": self = .keepAlive
        case "targetServerType": self = .serverType
        default:
            guard Self.driversOwn.contains(name) else { return nil }
            self = .driverOnly
        }
    }

    /// All names that are known.
    static var names: [String] {
        Array(keywords.keys) + Array(driversOwn)
            + [
                "connectTimeout", "loginTimeout", "ssl", "sslmode", "sslfactory", "tcpKeepAlive",
                "targetServerType",
            ]
    }

    private static let keywords = [
        "user": "user", "password": "password", "ApplicationName": "application_name",
        "options": "options", "sslrootcert": "sslrootcert", "sslcert": "sslcert",
        "sslkey": "sslkey", "sslpassword": "sslpassword", "channelBinding": "channel_binding",
        "gssEncMode": "gssencmode", "gsslib": "gsslib", "kerberosServerName": "krbsrvname",
        "service": "service",
    ]

    /// `currentSchema` is among them: a trial has the `search_path` that a login as its role has.
    private static let driversOwn: Set<String> = [
        "adaptiveFetch", "adaptiveFetchMaximum", "adaptiveFetchMinimum", "allowEncodingChanges",
        "assumeMinServerVersion", "autosave", "binaryTransfer", "binaryTransferDisable",
        "binaryTransferEnable", "cancelSignalTimeout", "cleanupSavepoints",
        "convertBooleanToNumeric",
        "currentSchema", "databaseMetadataCacheFields", "databaseMetadataCacheFieldsMiB",
        "defaultRowFetchSize", "disableColumnSanitiser", "escapeSyntaxCallMode",
        "groupStartupParameters",
        "hideUnprivilegedObjects", "hostRecheckSeconds", "loadBalanceHosts", "logServerErrorDetail",
        "logUnclosedConnections", "loggerFile", "loggerLevel", "maxResultBuffer",
        "maxSendBufferSize",
        "preferQueryMode", "preparedStatementCacheQueries", "preparedStatementCacheSizeMiB",
        "prepareThreshold", "protocolVersion", "queryTimeout", "quoteReturningIdentifiers",
        "reWriteBatchedInserts", "readOnlyMode", "receiveBufferSize", "sendBufferSize",
        "socketTimeout", "stringtype", "tcpNoDelay", "unknownLength", "xmlFactoryFactory",
    ]

    /// `target_session_attrs` by `targetServerType`, in lower case.
    static let sessionAttributes = [
        "any": "any", "primary": "primary", "master": "primary", "secondary": "standby",
        "slave": "standby", "preferprimary": "any", "preferslave": "prefer-standby",
        "prefersecondary": "prefer-standby",
    ]
}

/// What a JDBC URL says about TLS, spread over three parameters.
struct JDBCSecurity {
    private var given: String?
    private var isWanted = false
    private var isUnverified = false

    /// libpq's `sslmode`: pgJDBC takes `ssl=true` for `verify-full` unless a mode is named.
    var mode: String? {
        if let given { return given }
        guard isWanted else { return nil }
        return isUnverified ? "require" : "verify-full"
    }

    mutating func read(
        _ name: String,
        _ value: String,
        _ origin: String
    ) throws(PostgresError) {
        switch name {
        case "ssl": isWanted = value.isEmpty || value.lowercased() == "true"
        case "sslmode":
            guard Self.modes.contains(value) else {
                throw JDBCURL.badValue(name, origin, Self.modes.joined(separator: ", "))
            }
            given = value
        default:
            guard let checks = Self.factories[value] else {
                throw .invalidConnectionString(
                    "\(origin): the JDBC parameter '\(name)' names a Java class, for which libpq "
                        + "has no twin; say sslmode and sslrootcert instead"
                )
            }
            isUnverified = !checks
        }
    }

    private static let modes = [
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full",
    ]
    /// Whether the classes that come with pgJDBC check the server's certificate as libpq does.
    private static let factories = [
        "org.postgresql.ssl.LibPQFactory": true,
        "org.postgresql.ssl.NonValidatingFactory": false,
    ]
}
