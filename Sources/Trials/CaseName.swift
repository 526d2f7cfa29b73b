/// The names of cases, the contract between runs, readers and baselines.
package enum CaseName {
    /// The most characters, as UTF-16 counts them, that every reader of JUnit files keeps (Azure cuts
    /// at 256).
    package static let limit = 250

    package static func name(of trial: Trial) -> String {
        switch trial.operation {
        case .connect where trial.isOfWholeRun: return "connect"
        case .connect, .setRole:
            return fitting(trial.object.displayed) { "\(trial.operation.rawValue) \($0)" }
        case .lint:
            return fitting(trial.object.displayed) { "lint \(trial.rule ?? "") \($0)" }
        case .future:
            let creator = shortened(Identifier.displayed(trial.creator ?? ""), to: limit / 3)
            let role = shortened(Identifier.displayed(trial.role), to: limit / 3)
            return fitting(trial.object.displayed) { "future \($0) by \(creator) as \(role)" }
        default:
            let ending = trial.expected == .denied ? " is denied" : ""
            let role = Identifier.displayed(trial.role)
            let start = "\(trial.operation.rawValue) "
            let whole = "\(start)\(trial.object.displayed) as \(role)\(ending)"
            if whole.utf16.count <= limit { return whole }
            // The longest role name alone can fill the limit: it then leaves half of it.
            let shortRole = shortened(role, to: limit / 2)
            return fitting(trial.object.displayed) { "\(start)\($0) as \(shortRole)\(ending)" }
        }
    }

    /// The group of a case: `pgsmoke.ROLE.SCHEMA`, or less where there is no role or schema.
    package static func className(of trial: Trial) -> String {
        let parts: [String] =
            switch trial.operation {
            case .connect where trial.isOfWholeRun: ["connect"]
            case .lint:
                ["lint"] + [trial.object.schema].compactMap(\.self).map(Identifier.displayed)
            case .connect, .setRole: [Identifier.displayed(trial.role)]
            case .future: [trial.role, trial.object.name].map(Identifier.displayed)
            default:
                [trial.role, trial.object.schema ?? ""].map(Identifier.displayed)
            }
        return shortened((["pgsmoke"] + parts).joined(separator: "."), to: limit)
    }

    /// Cuts `object` so that `name(object)` has at most `limit` characters.
    private static func fitting(_ object: String, _ name: (String) -> String) -> String {
        let whole = name(object)
        guard whole.utf16.count > limit else { return whole }
        return name(shortened(object, to: limit - name("").utf16.count))
    }

    /// Cuts a text and marks it with `~` and the first 8 hex digits of its SHA-256.
    private static func shortened(_ text: String, to length: Int) -> String {
        guard text.utf16.count > length else { return text }
        var start = ""
        var room = length - 9
        for scalar in text.unicodeScalars {
            room -= UTF16.width(scalar)
            if room < 0 { break }
            start.unicodeScalars.append(scalar)
        }
        return "\(start)~\(Digest.sha256(text).prefix(8))"
    }
}
