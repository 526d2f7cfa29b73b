import Access
import ArgumentParser
import Catalog
import Glibc
import Postgres
import Settings
import Trials

/// `pgsmoke init`: a starting `pgsmoke.yml` from the grants as they are.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a starting pgsmoke.yml from the database as it is.",
        discussion: """
            Looks at the catalog alone: for each role that an application may work as, the profile that \
            comes nearest to its grants, and the exceptions. A run right after it passes but for what \
            is broken. -c, --config names the file to write, which must not be there yet; - is stdout.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup(title: "Relations") var patterns: PatternOptions

    @Option(
        name: .customLong("role"),
        help: ArgumentHelp(
            "Only this role (repeatable). Without any, those in use that hold privileges here.",
            valueName: "role"
        )
    )
    var roles: [String] = []

    @Flag(name: .shortAndLong, help: "Say nothing of what was written.")
    var quiet = false

    /// Writes the file and returns the exit code.
    func status() async -> Int32 {
        let target: StartFile
        let inquiry: Inquiry
        do {
            target = try StartFile(connection.config)
            // What `-c` names is not there yet; another file may say where to connect.
            var connection = connection
            connection.config = nil
            inquiry = try Inquiry(connection)
        } catch {
            return error.told()
        }
        let code = await inquiry.status { access, connection in
            let contract = try contract(access, connection)
            guard !contract.entries.isEmpty else {
                return Inquiry.Answer(
                    ExitCode.nothingTried,
                    "no role that an application may work as holds a privilege on a table here, so "
                        + "nothing was written; --role names one all the same"
                )
            }
            let text = ContractText(contract, narrowing: narrowing, command: command(target))
            try target.write(text.text)
            return Inquiry.Answer(0, quiet ? nil : told(contract, target))
        }
        target.discard()
        return code
    }

    private func contract(_ access: AccessMap, _ connection: Connection) throws -> Contract {
        let snapshot = access.snapshot
        var named: [Role] = []
        for name in roles {
            let role = try access.role(named: name, by: "--role")
            guard let role = snapshot.roles[role] else {
                throw Misuse(
                    message: "--role takes a role that an application works as, not public"
                )
            }
            if !named.contains(role) { named.append(role) }
        }
        return Contract(
            of: named,
            on: ApplicationRelations(
                in: snapshot,
                selected: try patterns.selected(in: snapshot, with: connection)
            ),
            isWhole: patterns.tables.isEmpty,
            access
        )
    }

    /// What the file says of the options; tables that were picked out are for the run to pick again.
    private var narrowing: ContractText.Narrowing {
        ContractText.Narrowing(
            schemas: patterns.schemas,
            exclude: patterns.excludedSchemas.map { "\($0).*" } + patterns.excludedTables
        )
    }

    private func command(_ target: StartFile) -> String {
        let words = ["pgsmoke", "run"] + target.option + patterns.tables.flatMap { ["-t", $0] }
        return words.map(\.quotedForShell).joined(separator: " ")
    }

    private func told(_ contract: Contract, _ target: StartFile) -> String {
        let count = contract.entries.count
        let roles = "\(count) \(count == 1 ? "role" : "roles")"
        return target.path == "-"
            ? "the file speaks of \(roles)"
            : "\(PrintableText.line(target.path)) speaks of \(roles); look it through, then try it: "
                + PrintableText.line(command(target))
    }
}

/// A file that is not there yet.
private struct StartFile {
    let path: String
    private let file: ReportFile

    /// - Throws: `Misuse` for one that is there, or cannot be written.
    init(_ config: String?) throws(Misuse) {
        path = config ?? "pgsmoke.yml"
        // A run would not know which of the two to take.
        for name in config == nil ? [path, "pgsmoke.yaml"] : [path] { try Self.check(name) }
        do throws(ReportFile.Unwritable) {
            file = try ReportFile(path, option: "--config")
        } catch {
            throw Misuse(message: error.message)
        }
    }

    /// The option by which a run finds the file.
    var option: [String] { ["pgsmoke.yml", "-"].contains(path) ? [] : ["-c", path] }

    private static func check(_ path: String) throws(Misuse) {
        var status = stat()
        // A device is written to, and a link that leads nowhere would be replaced.
        guard path != "-", lstat(path, &status) == 0 else { return }
        if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
            return
        }
        throw Misuse(
            message: "'\(PrintableText.line(path))' is there already and is not overwritten; name "
                + "another file with -c, --config, or - for stdout"
        )
    }

    func write(_ text: String) throws(Misuse) {
        try Self.check(path)
        do throws(ReportFile.Unwritable) {
            try file.write(text)
        } catch {
            throw Misuse(message: error.message)
        }
    }

    /// Leaves nothing behind if nothing was written.
    func discard() { file.discard() }
}

extension String {
    /// The text as one word for a shell.
    fileprivate var quotedForShell: String {
        let plain = utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "-")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "_")
        }
        return plain && !isEmpty ? self : "'" + replacing(scalar: "'", with: "'\\''") + "'"
    }
}
