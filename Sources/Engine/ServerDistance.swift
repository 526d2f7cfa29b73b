internal import Postgres

/// How long the way to the server and back takes, on which it depends what is worth doing twice.
struct ServerDistance: Sendable {
    private let roundTrip: Duration

    /// Next to the server.
    static let near = ServerDistance(roundTrip: .zero)

    private init(roundTrip: Duration) { self.roundTrip = roundTrip }

    /// Takes the shortest of a few round trips; one is enough if it is short.
    ///
    /// - Throws: `connectionLost`.
    init(over connection: Connection) throws(PostgresError) {
        var shortest = Duration.seconds(1)
        for _ in 0..<3 where shortest >= Self.longestLearning {
            let start = ContinuousClock.now
            try connection.execute("SELECT")
            shortest = min(shortest, .now - start)
        }
        roundTrip = shortest
    }

    /// Whether a round trip takes longer than to learn twice from an error.
    var isFar: Bool { roundTrip >= Self.longestLearning }

    /// How long it is good to know which sequences are in use: what comes back from far away is late
    /// anyhow.
    var busyPeriod: Duration { max(.milliseconds(20), roundTrip * 10) }

    private static let longestLearning = Duration.milliseconds(2)
}
