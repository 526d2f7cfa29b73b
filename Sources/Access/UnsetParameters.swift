package import Catalog

extension AccessMap {
    /// The parameters that the policies on relations read, and that neither role nor database sets,
    /// each with a value of the type that it is cast to, where that is plain.
    package func unsetParameters(
        of role: Role,
        on relations: [Relation]
    ) -> [(name: String, guess: String?)] {
        let principal = principal(loginRole(of: role).oid)
        let set = Set(
            snapshot.roleSettings.filter { $0.role == role.oid || $0.role == 0 }
                .map { $0.name.lowercased() }
        )
        var found: [(name: String, guess: String?)] = []
        var seen: Set<OID> = []
        for relation in relations where seen.insert(relation.oid).inserted {
            for policy in policies(on: relation, for: principal) {
                for expression in policy.expressions {
                    for (name, type) in Words(expression).settings
                    where name.contains(".") && !set.contains(name.lowercased()) {
                        let guess = Self.guess(type)
                        guard let known = found.firstIndex(where: { $0.name == name }) else {
                            found.append((name, guess))
                            continue
                        }
                        if found[known].guess != guess { found[known].guess = nil }
                    }
                }
            }
        }
        return found
    }

    private static func guess(_ type: String) -> String? {
        switch type {
        case "integer", "bigint", "smallint", "numeric", "text", "character", "name": "1"
        case "uuid": "00000000-0000-0000-0000-000000000001"
        default: nil
        }
    }

    /// Whether some default privileges give the role INSERT on new tables, whoever makes them.
    package func hasDefaultInserts(_ role: Role) -> Bool {
        let principal = principal(loginRole(of: role).oid)
        return snapshot.defaultPrivileges.contains { defaults in
            defaults.objects == .tables && !principal.effectiveRoles.contains(defaults.creator)
                && list(defaults.acl).entries.contains {
                    $0.privileges.contains(.insert)
                        && ($0.grantee == 0 || principal.effectiveRoles.contains($0.grantee))
                }
        }
    }
}
