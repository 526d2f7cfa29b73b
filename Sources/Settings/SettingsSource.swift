internal import Glibc

/// The text of a settings file, and the name that the user knows it by.
package struct SettingsSource: Sendable, Hashable {
    package let path: String
    package let text: String

    package init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// No file that a person writes comes near this.
    private static let largest = 1 << 20

    private static let names = ["pgsmoke.yml", "pgsmoke.yaml"]

    /// Reads the file that an option names.
    ///
    /// - Throws: `SettingsError` if it is not there or holds no text.
    package static func named(_ path: String) throws(SettingsError) -> SettingsSource {
        guard let source = try read(path, as: path) else {
            throw SettingsError(file: path, line: nil, "there is no such file; see -c, --config")
        }
        return source
    }

    /// Finds the nearest file on the way up from a folder; `nil` if there is none.
    ///
    /// A folder that holds `.git` is the last one to be looked into: what lies above belongs to
    /// somebody else's project.
    /// - Throws: `SettingsError` if there is one that cannot be read.
    package static func found(above folder: String) throws(SettingsError) -> SettingsSource? {
        var directory = folder
        while true {
            let start = directory.hasSuffix("/") ? directory : directory + "/"
            var found: [SettingsSource] = []
            for name in names {
                let path = directory == folder ? name : start + name
                if let source = try read(start + name, as: path) { found.append(source) }
            }
            if found.count > 1 {
                throw SettingsError(
                    file: found[0].path,
                    line: nil,
                    "there is \(names[1]) beside it; keep one of the two"
                )
            }
            if let source = found.first {
                if directory != folder { try checkOwner(of: source.path, above: folder) }
                return source
            }
            if access(start + ".git", F_OK) == 0 { return nil }
            guard let slash = directory.lastIndex(of: "/"), directory != "/" else { return nil }
            directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
        }
    }

    /// Makes sure that a file that nobody has named was not put there by a stranger: it may say where
    /// to connect and what to run.
    private static func checkOwner(
        of path: String,
        above folder: String
    ) throws(SettingsError) {
        var file = stat()
        var place = stat()
        guard stat(path, &file) == 0, stat(folder, &place) == 0,
            [0, geteuid(), place.st_uid].contains(file.st_uid)
        else {
            throw SettingsError(
                file: path,
                line: nil,
                "the file belongs to another user; name it with -c if it is meant"
            )
        }
    }

    /// Returns the file's text; `nil` if there is no file.
    private static func read(
        _ path: String,
        as shown: String
    ) throws(SettingsError) -> SettingsSource? {
        func refusal(_ sentence: String) -> SettingsError {
            SettingsError(file: shown, line: nil, sentence)
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            var status = stat()
            if [ENOENT, ENOTDIR].contains(errno), lstat(path, &status) != 0 { return nil }
            let reason = String(cString: strerror(errno))
            throw refusal("the file cannot be read (\(reason)); make it a file that you may read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            throw refusal("this is a directory; name a file in it")
        }
        var bytes = [UInt8](repeating: 0, count: largest + 1)
        var count = 0
        while count < bytes.count {
            let part = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), largest + 1 - count)
            }
            if part < 0, errno == EINTR { continue }
            guard part >= 0 else {
                throw refusal("the file cannot be read (\(String(cString: strerror(errno))))")
            }
            if part == 0 { break }
            count += part
        }
        guard count <= largest else {
            throw refusal("the file is larger than 1 MiB, so it is hardly the one that is meant")
        }
        let content = bytes[..<count]
        guard var text = String(validating: content, as: UTF8.self) else {
            throw SettingsError(
                file: shown,
                line: lineOfBadByte(in: content),
                "this is not UTF-8; save the file as UTF-8"
            )
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return SettingsSource(path: shown, text: text)
    }

    /// The line up to which the bytes are text.
    private static func lineOfBadByte(in bytes: ArraySlice<UInt8>) -> Int? {
        var line = 1
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { return line }
            line += 1
        }
        return nil
    }
}
