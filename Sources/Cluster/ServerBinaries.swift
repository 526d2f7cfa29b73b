internal import Glibc

/// The directory that holds a PostgreSQL server's programs.
package struct ServerBinaries: Sendable, Hashable {
    /// Where `initdb` and `postgres` lie.
    package let directory: String
    /// The server's major version, 15 for 15.4.
    package let major: Int

    /// Takes the programs from a directory that is known.
    ///
    /// - Throws: `notAServer` if they are not there or do not run.
    package init(in directory: String) throws(ClusterError) {
        guard holdsServer(directory), let major = majorVersion(in: directory) else {
            throw .notAServer(directory: directory)
        }
        self.directory = absolutePath(directory)
        self.major = major
    }

    /// Finds a server on this machine.
    ///
    /// The first of these that is set or there: `explicit`, `PGSMOKE_PG_BINDIR`, the directory in
    /// `PATH` that has `initdb`, what `pg_config` says, the newest of the places where packages
    /// put servers.
    /// - Throws: `notAServer` for a directory that was named, `noServerFound`.
    package static func find(
        explicit: String? = nil,
        environment: [String: String]
    ) throws(ClusterError) -> ServerBinaries {
        let named = explicit ?? environment["PGSMOKE_PG_BINDIR"] ?? ""
        if !named.isEmpty { return try ServerBinaries(in: named) }

        let searched = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let configured = outputLine(of: "pg_config --bindir").map { [$0] } ?? []
        let candidates = searched + configured + packagedDirectories()
        for directory in candidates where holdsServer(directory) {
            return try ServerBinaries(in: directory)
        }
        throw .noServerFound
    }

    /// The path of one of the programs.
    package func program(_ name: String) -> String { "\(directory)/\(name)" }

    /// Whether the server can load the library, as `shared_preload_libraries` names it.
    package func hasLibrary(_ name: String) -> Bool {
        let question = "\(shellQuoted(program("pg_config"))) --pkglibdir"
        guard let place = outputLine(of: question) else { return false }
        return access("\(place)/\(name).so", R_OK) == 0
    }
}

/// Where Debian, Red Hat and Homebrew put servers, the newest version first.
private func packagedDirectories() -> [String] {
    let patterns = [
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    ]
    let found = patterns.flatMap(paths(matching:))
    return found.sorted { versionNumber(in: $0) > versionNumber(in: $1) }
}

private func paths(matching pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
        found.gl_pathv[index].map { String(cString: $0) }
    }
}

/// The number in a directory's last component but one: 15 in `/usr/lib/postgresql/15/bin`.
private func versionNumber(in directory: String) -> Int {
    let component = directory.split(separator: "/").dropLast().last ?? ""
    return Int(component.filter(\.isNumber)) ?? 0
}

private func holdsServer(_ directory: String) -> Bool {
    ["initdb", "postgres"].allSatisfy { access("\(directory)/\($0)", X_OK) == 0 }
}

/// Reads `postgres (PostgreSQL) 15.4 (Debian …)` or `postgres (PostgreSQL) 18beta1`.
private func majorVersion(in directory: String) -> Int? {
    outputLine(of: "\(shellQuoted(directory + "/postgres")) --version")?
        .split(separator: " ")
        .lazy
        .compactMap { Int($0.prefix(while: \.isNumber)) }
        .first
}

/// The first line that a shell command prints; `nil` if it fails or prints none.
///
/// Blocks for the few milliseconds that such a command takes.
private func outputLine(of command: String) -> String? {
    guard let stream = popen("\(command) 2>/dev/null", "r") else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = fread(&buffer, 1, buffer.count, stream)
    guard pclose(stream) == 0 else { return nil }
    let line = String(decoding: buffer[..<count], as: UTF8.self).prefix { !$0.isNewline }
    return line.isEmpty ? nil : String(line)
}

private func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
}

private func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        + "'"
}
