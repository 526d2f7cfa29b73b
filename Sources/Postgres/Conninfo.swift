internal import CLibPQ

/// Connection strings of the keyword=value kind (PostgreSQL manual, 34.1.1).
enum Conninfo {
    /// Writes parameters as a string that libpq reads.
    static func string(_ parameters: [(name: String, value: String)]) -> String {
        parameters.map { name, value in
            var escaped = String.UnicodeScalarView()
            for scalar in value.unicodeScalars {
                if scalar == "\\" || scalar == "'" { escaped.append("\\") }
                escaped.append(scalar)
            }
            return "\(name)='\(String(escaped))'"
        }.joined(separator: " ")
    }

    /// Reads the parameters that a conninfo string or URI sets; `nil` if libpq cannot read it.
    static func parameters(of string: String) -> [String: String]? {
        guard let options = unsafe PQconninfoParse(string, nil) else { return nil }
        defer { unsafe PQconninfoFree(options) }
        return unsafe parameters(options)
    }

    static func parameters(_ options: UnsafePointer<PQconninfoOption>) -> [String: String] {
        var parameters: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                parameters[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return parameters
    }
}
