package import Catalog
internal import Trials

/// An access control list, as the server writes it: `grantee=letters/grantor`.
package struct ACL: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        /// 0 stands for PUBLIC.
        package let grantee: OID
        package let grantor: OID
        package let privileges: Set<Privilege>
        /// Those of the privileges that the grantee may grant on (`*`).
        package let grantable: Set<Privilege>
    }

    package let entries: [Entry]

    /// Reads a list whose entries are separated by line feeds.
    ///
    /// Names with other characters than letters, digits and `_` stand in double quotes there, so
    /// the text can be taken apart whatever a role is called. A role that is gone stands as its
    /// number.
    init(_ text: String, roles: ExactNames<Role>) {
        var entries: [Entry] = []
        var rest = Substring(text)
        func oid(of name: String) -> OID {
            name.isEmpty ? 0 : roles[name]?.oid ?? OID(name) ?? OID.max
        }
        while !rest.isEmpty {
            let grantee = Self.name(in: &rest)
            rest = rest.dropFirst()
            var privileges: Set<Privilege> = []
            var grantable: Set<Privilege> = []
            while let letter = rest.popFirst(), letter != "/" {
                guard let privilege = Privilege(letter: letter) else { continue }
                privileges.insert(privilege)
                if rest.first == "*" {
                    rest.removeFirst()
                    grantable.insert(privilege)
                }
            }
            let grantor = Self.name(in: &rest)
            rest = rest.dropFirst()
            entries.append(
                Entry(
                    grantee: oid(of: grantee),
                    grantor: oid(of: grantor),
                    privileges: privileges,
                    grantable: grantable
                )
            )
        }
        self.entries = entries
    }

    /// Takes a role's name off the front of the text.
    private static func name(in text: inout Substring) -> String {
        // Scalars, not characters: a name may begin with a mark that joins the quote before it.
        guard text.unicodeScalars.first == "\"" else {
            let name = text.unicodeScalars.prefix { $0 != "=" && $0 != "\n" && $0 != "/" }
            text.unicodeScalars.removeFirst(name.count)
            return String(name)
        }
        text.unicodeScalars.removeFirst()
        var name = ""
        while let scalar = text.unicodeScalars.popFirst() {
            if scalar == "\"" {
                guard text.unicodeScalars.first == "\"" else { break }
                text.unicodeScalars.removeFirst()
            }
            name.unicodeScalars.append(scalar)
        }
        return name
    }
}
