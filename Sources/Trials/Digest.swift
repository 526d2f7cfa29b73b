internal import CCrypto

/// Fingerprints that stay the same from run to run and from machine to machine.
package enum Digest {
    /// Returns the SHA-256 (FIPS 180-4) of the text's UTF-8 bytes as 64 lower-case hex digits.
    package static func sha256(_ text: String) -> String {
        var text = text
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        text.withUTF8 { _ = SHA256($0.baseAddress, $0.count, &digest) }
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
