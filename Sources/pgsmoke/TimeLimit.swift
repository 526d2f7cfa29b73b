import ArgumentParser

/// A time limit as PostgreSQL writes it: `500ms`, `2s`, `1min`, or a bare number of milliseconds.
struct TimeLimit: ExpressibleByArgument {
    let milliseconds: Int

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let factors = ["": 1, "ms": 1, "s": 1_000, "min": 60_000]
        guard let number = Int(digits),
            let factor = factors[String(argument.dropFirst(digits.count))],
            number > 0, number <= 86_400_000 / factor
        else { return nil }
        milliseconds = number * factor
    }

    var defaultValueDescription: String {
        milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)s" : "\(milliseconds)ms"
    }
}
