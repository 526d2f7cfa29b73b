extension MissingPrivilege {
    /// Returns the statement that gives what is missing, with names quoted by `quote`: for readers as
    /// `quote_ident` would, to be sent as libpq does.
    ///
    /// `columns` take the place of the one column. A membership's INHERIT is the membership's own from
    /// 16, the member's attribute before: the object then is the member itself.
    package func grant<Failure>(
        onColumns columns: [String] = [],
        quotedBy quote: (String) throws(Failure) -> String
    ) throws(Failure) -> String {
        let grantee = try quote(grantee)
        if object.kind == .role {
            let isAttribute = object.name == self.grantee
            if isAttribute { return "ALTER ROLE \(grantee) \(privilege)" }
            return "GRANT \(try quote(object.name)) TO \(grantee) WITH \(privilege) TRUE"
        }
        var what = privilege
        var names: [String] = []
        for column in columns.isEmpty ? column.map({ [$0] }) ?? [] : columns {
            names.append(try quote(column))
        }
        if !names.isEmpty { what += " (\(names.joined(separator: ", ")))" }
        return "GRANT \(what) ON \(try target(quotedBy: quote)) TO \(grantee)"
    }

    /// The object as GRANT names it.
    private func target<Failure>(
        quotedBy quote: (String) throws(Failure) -> String
    ) throws(Failure) -> String {
        let keyword =
            switch object.kind {
            case .sequence: "SEQUENCE "
            case .schema: "SCHEMA "
            case .database: "DATABASE "
            case .function: "FUNCTION "
            case .procedure: "PROCEDURE "
            default: ""
            }
        let schema = if let name = object.schema { "\(try quote(name))." } else { "" }
        guard object.kind == .function || object.kind == .procedure else {
            return "\(keyword)\(schema)\(try quote(object.name))"
        }
        // The name is data, the argument types are the server's own text.
        let (name, arguments) = object.signature
        return "\(keyword)\(schema)\(try quote(name))\(arguments)"
    }
}
