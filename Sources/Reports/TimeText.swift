import FoundationEssentials

/// Times as reports write them, the same in every locale.
enum TimeText {
    /// Returns the seconds with a fixed number of decimals, never with an exponent.
    static func seconds(_ seconds: Double, decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
        let units =
            seconds.isFinite ? Int((min(max(0, seconds), 1e9) * Double(scale)).rounded()) : 0
        let fraction = String(units % scale)
        let zeros = String(repeating: "0", count: decimals - fraction.count)
        return "\(units / scale).\(zeros)\(fraction)"
    }

    /// Returns the seconds rounded to milliseconds, as a number.
    static func milliseconds(_ seconds: Double) -> Double {
        seconds.isFinite ? (seconds * 1000).rounded() / 1000 : 0
    }

    /// Returns the moment, in seconds since 1970, as `2026-01-31T03:04:05Z` (ISO 8601, UTC).
    static func utc(_ moment: Double) -> String {
        Date(timeIntervalSince1970: moment).formatted(.iso8601)
    }

    /// Returns the moment that `utc(_:)` wrote; `nil` if the text is none.
    static func moment(utc text: String) -> Double? {
        (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970
    }
}
