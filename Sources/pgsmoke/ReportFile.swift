import Glibc

/// A file that a report will go to, known to be writable before the first trial.
struct ReportFile {
    /// The path as the user gave it; `-` is stdout.
    let path: String
    private let destination: Destination

    private enum Destination {
        case standardOutput
        /// A file that is not there yet or is a regular one: it is replaced in one step.
        case replaced(target: String, temporary: String)
        /// A device or pipe, which is written to as it is.
        case direct(String)
    }

    /// A path that cannot be written to.
    struct Unwritable: Error {
        let message: String
    }

    /// Makes the temporary file beside the target.
    init(_ path: String, option: String) throws(Unwritable) {
        self.path = path
        guard path != "-" else {
            destination = .standardOutput
            return
        }
        var status = stat()
        if stat(path, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR {
                throw Unwritable(message: "\(option): '\(path)' is a directory; name a file in it")
            }
            if status.st_mode & S_IFMT != S_IFREG {
                guard access(path, W_OK) == 0 else { throw Self.unwritable(path, option) }
                destination = .direct(path)
                return
            }
        }
        let target = Self.resolved(path)
        let temporary = "\(target).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.unwritable(path, option) }
        close(descriptor)
        destination = .replaced(target: target, temporary: temporary)
    }

    private static func unwritable(_ path: String, _ option: String) -> Unwritable {
        let reason = String(cString: strerror(errno))
        return Unwritable(
            message:
                "\(option): cannot write '\(path)' (\(reason)); name a file in a folder that exists "
                + "and is yours"
        )
    }

    /// Follows symbolic links, so that the link stays one.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Writes the report; what was there before stays until the new one is whole.
    func write(_ text: String) throws(Unwritable) {
        switch destination {
        case .standardOutput: Console.print(text)
        case .direct(let path): try Self.write(text, to: path)
        case .replaced(let target, let temporary):
            try Self.write(text, to: temporary)
            guard rename(temporary, target) == 0 else { throw Self.unwritable(target, "report") }
        }
    }

    /// Takes the temporary file away if no report was written.
    func discard() {
        if case .replaced(_, let temporary) = destination { unlink(temporary) }
    }

    private static func write(_ text: String, to path: String) throws(Unwritable) {
        guard let file = fopen(path, "w") else { throw unwritable(path, "report") }
        var text = text
        let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
        let isComplete = written == text.utf8.count
        guard fclose(file) == 0, isComplete else { throw unwritable(path, "report") }
    }
}
