internal import Glibc
internal import Subprocess
internal import SystemPackage

/// Makes a directory that every account may write to, lends its path and removes it.
package func withTemporaryDirectory<Value: Sendable>(
    _ body: (String) async throws -> Value
) async throws -> Value {
    var template = Array("/tmp/pgsmoke-test.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(path, 0o777)
    let result: Result<Value, any Error>
    do { result = .success(try await body(path)) } catch { result = .failure(error) }
    _ = try await run(.name("rm"), arguments: ["-rf", path], output: .discarded)
    return try result.get()
}

/// Returns the names in a directory, none if it is not there.
package func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var found: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { found.append(name) }
    }
    return found.sorted()
}
