internal import Trials

/// What is wrong with a settings file, in one sentence with its place.
package struct SettingsError: Error, Sendable, Hashable {
    /// The file as the user knows it.
    package let file: String
    /// From 1; `nil` if the file as a whole is meant.
    package let line: Int?
    /// Names the thing and says what to do.
    package let sentence: String

    /// The most characters of a sentence that are shown: a file's names can be of any length.
    private static let limit = 1_000

    package init(file: String, line: Int?, _ sentence: String) {
        self.file = file
        self.line = line
        self.sentence = sentence
    }

    /// The sentence behind its place: `pgsmoke.yml:3: unknown key 'rolse'; did you mean 'roles'?`.
    package var message: String {
        let place = PrintableText.line(file) + (line.map { ":\($0)" } ?? "")
        let line = PrintableText.line(sentence)
        return "\(place): \(line.prefix(Self.limit))\(line.count > Self.limit ? "…" : "")"
    }
}

/// A value of the file with the line that it stands on.
package struct Placed<Value: Sendable & Hashable>: Sendable, Hashable {
    package let value: Value
    package let line: Int

    package init(_ value: Value, line: Int) {
        self.value = value
        self.line = line
    }
}

extension NearestName {
    /// Ends a sentence about a name that is not there: with the nearest one or, failing that, all.
    static func hint(for name: String, among known: [String]) -> String {
        if let nearest = of(name, among: known) { return "did you mean '\(nearest)'?" }
        if known.count == 1 { return "there is only '\(known[0])'" }
        return "there are \(known.joined(separator: ", "))"
    }
}
