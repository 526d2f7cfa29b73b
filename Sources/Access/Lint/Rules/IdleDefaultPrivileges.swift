internal import Catalog
internal import Trials

extension Rule {
    static let idleDefaultPrivileges = Rule(
        "default-privileges-idle",
        .warning,
        "Default privileges are those of a role that creates nothing.",
        page: """
            `ALTER DEFAULT PRIVILEGES` without `FOR ROLE` is about the objects that the current role \
            creates, not about the schema. Set up by a superuser while migrations run as another role, \
            it looks right in `\\ddp` and never does anything: the next table comes without grants.

            Say `FOR ROLE` with the role that migrates. Leave it where that role has yet to start work.
            """
    ) { subject in
        let idle = (subject.access.objects?.defaultPrivileges ?? []).filter(subject.isIdle)
        return Dictionary(grouping: idle, by: \.creator)
            .sorted { subject.snapshot.roleName($0.key) < subject.snapshot.roleName($1.key) }
            .map { creator, defaults in
                let kinds = defaults.compactMap { $0.objects?.words }
                let places = defaults.compactMap { subject.snapshot.schemas[$0.schema]?.name }
                let place =
                    places.isEmpty
                    ? "this database" : "schema \(subject.listed(places.sorted()))"
                let creators = subject.creators(defaults)
                return Remark(
                    object: ObjectName(
                        kind: .role,
                        schema: nil,
                        name: subject.snapshot.roleName(creator)
                    ),
                    reason:
                        "it has default privileges for \(subject.listed(kinds)) in \(place), where "
                        + "everything is created by \(subject.listed(creators))",
                    mending: defaults.flatMap(subject.removing)
                )
            }
    }
}

extension LintSubject {
    /// Who owns what default privileges of the kind would have been for.
    func owners(_ objects: DefaultPrivileges.Objects?, in schema: OID) -> Set<OID> {
        guard let objects else { return [] }
        let relations = snapshot.orderedRelations.lazy.filter { $0.extension == nil }
            .map(SecuredObject.init)
        let others = (access.objects?.objects ?? []).lazy.filter { !$0.isExtensionMember }
        func isMeant(_ object: SecuredObject) -> Bool {
            DefaultPrivileges.Objects(object.kind) == objects
                && (schema == 0 || object.schemaOID == schema)
        }
        if objects == .schemas {
            // The schema that every database comes with was created by nobody.
            return Set(snapshot.schemas.values.filter { $0.name != "public" }.map(\.owner))
        }
        return Set(relations.filter(isMeant).map(\.owner))
            .union(others.filter(isMeant).map(\.owner))
    }

    fileprivate func isIdle(_ defaults: DefaultPrivileges) -> Bool {
        let owners = owners(defaults.objects, in: defaults.schema)
        return !owners.isEmpty && !owners.contains(defaults.creator)
    }

    fileprivate func creators(_ defaults: [DefaultPrivileges]) -> [String] {
        Set(defaults.flatMap { owners($0.objects, in: $0.schema) }).map(snapshot.roleName).sorted()
    }

    /// Takes back what was granted beyond the server's own defaults.
    fileprivate func removing(_ defaults: DefaultPrivileges) -> [Cure] {
        let creator = snapshot.roleName(defaults.creator)
        let start = "ALTER DEFAULT PRIVILEGES FOR ROLE \(Identifier.sql(creator))"
        let place =
            snapshot.schemas[defaults.schema]
            .map { " IN SCHEMA \(Identifier.sql($0.name))" } ?? ""
        let kind = (defaults.objects?.words ?? "tables").uppercased()
        return access.list(defaults.acl).entries
            .filter { $0.grantee != defaults.creator }
            .map { entry in
                Cure(
                    sql: "\(start)\(place) REVOKE \(words(entry.privileges)) ON \(kind) "
                        + "FROM \(grantee(entry.grantee))",
                    runBy: creator,
                    isProven: false
                )
            }
    }
}
