/// Which names a role's `settings` may hold, as far as they can be judged without a server.
enum ParameterName {
    /// Says what is wrong with a name; `nil` if the server is to judge it.
    static func complaint(about name: String) -> String? {
        switch name.lowercased() {
        case "role", "session_authorization":
            return "'\(name)' cannot be set here; name the role that is meant under 'roles'"
        case "client_encoding":
            return
                "'client_encoding' cannot be set here: pgsmoke reads the server's answers as UTF-8"
        case "transaction_isolation", "transaction_read_only", "transaction_deferrable":
            return "'\(name)' cannot be set here; write 'default_\(name.lowercased())'"
        default: break
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.allSatisfy(isIdentifier) else {
            return "'\(name)' is no parameter's name; it holds letters, digits, _ and $, with a dot"
                + " between the parts, such as app.tenant_id"
        }
        return nil
    }

    private static func isIdentifier(_ part: Substring) -> Bool {
        guard let first = part.unicodeScalars.first, isLetter(first) else { return false }
        return part.unicodeScalars.allSatisfy {
            isLetter($0) || ("0"..."9").contains($0) || $0 == "$"
        }
    }

    /// The server takes every character beyond ASCII for a letter (`valid_custom_variable_name`).
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
            || scalar.value > 127
    }
}
