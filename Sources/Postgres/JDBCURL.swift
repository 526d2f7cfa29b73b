/// A `jdbc:postgresql:` URL, as Flyway and Liquibase hand one over, in libpq's parameters.
///
/// The grammar is pgJDBC's (its manual, "Connecting to the Database"): hosts with ports between
/// commas, values as forms encode them, credentials as parameters only.
struct JDBCURL: Hashable {
    static let prefix = "jdbc:postgresql:"

    /// libpq's parameters, in the URL's order.
    private(set) var parameters: [(name: String, value: String)] = []

    var user: String? { value(of: "user") }
    var password: String? { value(of: "password") }

    static func == (left: Self, right: Self) -> Bool { left.conninfo == right.conninfo }

    func hash(into hasher: inout Hasher) { hasher.combine(conninfo) }

    /// The parameters as a connection string that libpq reads.
    var conninfo: String { Conninfo.string(parameters) }

    /// Reads the URL, which begins with the prefix.
    ///
    /// - Throws: `invalidConnectionString` with the URL's origin and, at most, a parameter's name.
    init(_ text: String, origin: String) throws(PostgresError) {
        let parts = text.dropFirst(Self.prefix.count).split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        var address = parts.first ?? ""
        if address.hasPrefix("//") {
            address = address.dropFirst(2)
            let authority = address.prefix { $0 != "/" }
            try readHosts(authority, origin)
            address = address[authority.endIndex...].dropFirst()
        } else if address.hasPrefix("/") {
            address = address.dropFirst()
        }
        if !address.isEmpty {
            add("dbname", try Self.decoded(address, "the database's name", origin))
        }
        var timeouts: [Int] = []
        var given = JDBCSecurity()
        let pairs = parts.count > 1 ? parts[1].split(separator: "&") : []
        for pair in pairs {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(sides[0])
            let value = try Self.decoded(
                sides.count > 1 ? sides[1] : "",
                "a parameter's value",
                origin
            )
            switch JDBCParameter(name) {
            case .same(let keyword): add(keyword, value)
            case .timeout: timeouts.append(try Self.number(value, name, origin))
            case .security: try given.read(name, value, origin)
            case .keepAlive: add("keepalives", value.lowercased() == "true" ? "1" : "0")
            case .serverType:
                guard let attributes = JDBCParameter.sessionAttributes[value.lowercased()] else {
                    throw Self.badValue(name, origin, "any, primary, secondary or preferSecondary")
                }
                add("target_session_attrs", attributes)
            case .driverOnly: continue
            case nil: throw Self.unknown(name, hasValue: sides.count > 1, origin)
            }
        }
        if let timeout = timeouts.filter({ $0 > 0 }).min() ?? timeouts.first {
            add("connect_timeout", String(timeout))
        }
        if let mode = given.mode { add("sslmode", mode) }
    }

    private mutating func readHosts(_ authority: Substring, _ origin: String) throws(PostgresError)
    {
        guard !authority.contains("@") else {
            throw .invalidConnectionString(
                "\(origin) has something before an @, which JDBC URLs do not know; give user and "
                    + "password as parameters, ?user=…&password=…, or as options and variables"
            )
        }
        guard !authority.isEmpty else { return }
        var hosts: [String] = []
        var ports: [String] = []
        for entry in authority.split(separator: ",", omittingEmptySubsequences: false) {
            var host = entry
            var port: Substring = ""
            if let colon = entry.lastIndex(of: ":"), entry[colon...].allSatisfy({ $0 != "]" }) {
                host = entry[..<colon]
                port = entry[entry.index(after: colon)...]
                guard (1...65_535).contains(Int(port) ?? 0) else {
                    throw .invalidConnectionString(
                        "\(origin) names a port that is no number from 1 to 65535"
                    )
                }
            }
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard host.allSatisfy({ $0 != "[" && $0 != "]" }), host.count(where: { $0 == ":" }) != 1
            else {
                throw .invalidConnectionString(
                    "\(origin) names a host that cannot be read; an IPv6 address stands in [ ]"
                )
            }
            hosts.append(host.isEmpty ? "localhost" : try Self.decoded(host, "a host", origin))
            ports.append(port.isEmpty ? "5432" : String(port))
        }
        add("host", hosts.joined(separator: ","))
        add("port", ports.joined(separator: ","))
    }

    private mutating func add(_ name: String, _ value: String) { parameters.append((name, value)) }

    private func value(of name: String) -> String? {
        parameters.last { $0.name == name && !$0.value.isEmpty }?.value
    }

    private static func number(
        _ value: String,
        _ name: String,
        _ origin: String
    ) throws(PostgresError) -> Int {
        guard let number = Int(value), number >= 0 else {
            throw badValue(name, origin, "a number of seconds")
        }
        return number
    }

    static func badValue(_ name: String, _ origin: String, _ allowed: String) -> PostgresError {
        .invalidConnectionString("\(origin): the JDBC parameter '\(name)' takes \(allowed)")
    }

    private static func unknown(
        _ name: String,
        hasValue: Bool,
        _ origin: String
    ) -> PostgresError {
        // What has no value may be the second half of a password with an & in it.
        let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
        guard hasValue, isName else {
            return .invalidConnectionString(
                "\(origin) holds something that is no JDBC parameter; write & in a value as %26"
            )
        }
        let meant = JDBCParameter.names.first { $0.lowercased() == name.lowercased() }
        return .invalidConnectionString(
            "\(origin) holds the JDBC parameter '\(name)', which pgsmoke does not know; "
                + (meant.map { "it is written '\($0)'" } ?? "take it out of the URL")
        )
    }

    /// Undoes the encoding of forms: `+` is a space, `%` begins a byte.
    private static func decoded(
        _ text: Substring,
        _ place: String,
        _ origin: String
    ) throws(PostgresError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16),
                    value != 0
                else { throw badEncoding(place, origin) }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw badEncoding(place, origin)
        }
        return decoded
    }

    private static func badEncoding(_ place: String, _ origin: String) -> PostgresError {
        .invalidConnectionString(
            "\(origin): \(place) holds a % that begins no character; write a % itself as %25"
        )
    }
}
