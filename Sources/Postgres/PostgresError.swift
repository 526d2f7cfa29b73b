/// Why the server could not be asked, or what it answered instead.
package enum PostgresError: Error, Sendable, Hashable {
    case outOfMemory
    /// The connection string cannot be read; the text holds no part of it that could be a secret.
    case invalidConnectionString(String)
    /// No connection came about; `needsPassword` if the server asked for one and none was there.
    case connectionFailed(String, needsPassword: Bool)
    case connectionLost(String)
    case server(ServerError)
}
