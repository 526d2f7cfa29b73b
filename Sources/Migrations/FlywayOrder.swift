/// The migrations among some files, in the order in which Flyway applies them.
///
/// Versions come first, compared number by number, then the repeatable migrations by description.
/// Flyway's manual, "Migrations", has the naming; its `ResourceNameParser` and `MigrationVersion`
/// the fine print.
package struct FlywayOrder: Sendable, Hashable {
    /// The migrations, first to last.
    package let migrations: [FlywayMigration]

    /// Sorts the files that are migrations by their names and ignores all others.
    ///
    /// - Parameter files: Names or paths, in any order.
    /// - Throws: `DuplicateMigration` where Flyway would refuse to choose.
    package init(of files: some Sequence<String>) throws(DuplicateMigration) {
        migrations = files.compactMap { FlywayMigration(file: $0) }.sorted { $0.key < $1.key }
        for (one, next) in zip(migrations, migrations.dropFirst()) where one.key == next.key {
            throw DuplicateMigration(first: one.file, second: next.file)
        }
    }
}

/// One migration script, as its file name describes it.
package struct FlywayMigration: Sendable, Hashable {
    /// The name or path as it was given.
    package let file: String
    /// The version with its parts joined by dots, as Flyway's history has it; `nil` if repeatable.
    package let version: String?
    /// The name's words.
    package let description: String

    fileprivate let key: SortKey

    /// Reads `V1.2__words.sql` or `R__words.sql`; `nil` for any other name.
    package init?(file: String) {
        let name = file.split(separator: "/").last ?? ""
        guard name.hasSuffix(".sql"), let prefix = name.first else { return nil }
        let stem = name.dropLast(4).dropFirst()
        let separator = stem.firstRange(of: "__")
        let beforeWords = stem[..<(separator?.lowerBound ?? stem.endIndex)]
        let words = stem[(separator?.upperBound ?? stem.endIndex)...]

        switch prefix {
        case "V":
            let version = String(beforeWords.map { $0 == "_" ? "." : $0 })
            guard let key = SortKey(version: version) else { return nil }
            self.key = key
            self.version = version
        case "R" where beforeWords.isEmpty:
            key = .repeatable(Array(words.utf16))
            version = nil
        default: return nil
        }
        self.file = file
        description = String(words.map { $0 == "_" ? " " : $0 })
    }
}

/// Two files of the same version, or two repeatable ones of the same description.
package struct DuplicateMigration: Error, Sendable, Hashable, CustomStringConvertible {
    package let first: String
    package let second: String

    package var description: String {
        """
        The migrations \(first) and \(second) have the same version or, being repeatable, the same \
        description; rename one of them.
        """
    }
}

/// Where a migration stands among the others.
private enum SortKey: Hashable, Comparable {
    case versioned([Number])
    /// The description as Java compares strings.
    case repeatable([UInt16])

    /// Reads numbers between dots; trailing zeros count for nothing, 1.0 is 1.
    init?(version: String) {
        var parts: [Number] = []
        for part in version.split(separator: ".", omittingEmptySubsequences: false) {
            guard let number = Number(part) else { return nil }
            parts.append(number)
        }
        while parts.last?.digits.isEmpty == true { parts.removeLast() }
        self = .versioned(parts)
    }

    static func < (left: SortKey, right: SortKey) -> Bool {
        switch (left, right) {
        case (.versioned(let left), .versioned(let right)): left.lexicographicallyPrecedes(right)
        case (.repeatable(let left), .repeatable(let right)): left.lexicographicallyPrecedes(right)
        case (.versioned, .repeatable): true
        case (.repeatable, .versioned): false
        }
    }
}

/// A whole number of any length: time stamps with fractions serve as versions too.
private struct Number: Hashable, Comparable {
    /// Without leading zeros; empty for zero.
    let digits: String

    init?(_ text: Substring) {
        let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, !text.isEmpty else { return nil }
        digits = String(text.drop { $0 == "0" })
    }

    static func < (left: Number, right: Number) -> Bool {
        (left.digits.utf8.count, left.digits) < (right.digits.utf8.count, right.digits)
    }
}
