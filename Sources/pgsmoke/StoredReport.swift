import Glibc
import Reports
import Trials

/// The JSON report of an earlier run.
enum StoredReport {
    /// Reads a report back.
    ///
    /// `option` is where the user named the file, and `cure` what to do about one that is no use.
    ///
    /// - Throws: `Misuse`.
    static func read(
        _ path: String,
        as option: String?,
        cure: String
    ) throws(Misuse) -> RunReport {
        let name = (option.map { "\($0): " } ?? "") + "'\(PrintableText.line(path))'"
        let text: String
        switch content(of: path) {
        case .success(let content): text = content
        case .failure(let failure):
            let problem =
                failure.code == ENOENT
                ? "is not there" : "cannot be read (\(String(cString: strerror(failure.code))))"
            throw Misuse(message: "\(name) \(problem); \(cure)")
        }
        do throws(UnreadableReport) {
            return try JSONReading.report(from: text)
        } catch {
            throw Misuse(message: "\(name) \(PrintableText.line(error.problem)); \(cure)")
        }
    }

    private struct SystemError: Error {
        let code: Int32
    }

    private static func content(of path: String) -> Result<String, SystemError> {
        guard let file = fopen(path, "r") else { return .failure(SystemError(code: errno)) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&block, 1, block.count, file)
            bytes += block[..<count]
            if count < block.count { break }
        }
        guard ferror(file) == 0 else { return .failure(SystemError(code: errno)) }
        return .success(String(decoding: bytes, as: UTF8.self))
    }
}
