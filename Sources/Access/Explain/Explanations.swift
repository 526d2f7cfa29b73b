package import Catalog
package import Trials

extension AccessMap {
    /// Explains privileges of a role, 0 being PUBLIC, on one object; without any given, all that the
    /// object can have.
    package func explanation(
        role: OID,
        _ target: ObjectLookup.Target,
        _ privileges: [Privilege]
    ) -> Explanation {
        let object = target.object
        let explainer = Explainer(self, role: role)
        let schema = snapshot.schemas[object.schemaOID].map { schema in
            explainer.explain(
                .usage,
                on: ObjectLookup.Target(object: SecuredObject(schema), column: nil)
            )
        }
        return Explanation(
            role: roleName(role),
            object: target.described,
            owner: snapshot.roleName(object.owner),
            privileges: privileges.map { explainer.explain($0, on: target) },
            schema: schema,
            acl: lines(of: target),
            defaults: defaults(of: object),
            notes: notes(on: target)
                + (privileges.contains(.insert) ? sequenceNotes(on: object, role: role) : [])
        )
    }

    private func lines(of target: ObjectLookup.Target) -> [ACLLine] {
        let object = target.object
        let columns = target.column.map { [$0] } ?? snapshot.columns[object.oid] ?? []
        let ofColumns = object.kind.hasColumns ? columns.filter { !$0.acl.isEmpty } : []
        return lines(object.acl)
            + ofColumns.flatMap { column in
                lines(column.acl).map { line in
                    var line = line
                    line.column = column.name
                    return line
                }
            }
    }

    private func lines(_ acl: String) -> [ACLLine] {
        list(acl).entries.map { entry in
            ACLLine(
                grantee: entry.grantee == 0 ? nil : snapshot.roleName(entry.grantee),
                grantor: snapshot.roleName(entry.grantor),
                entries: Privilege.byLetter.filter(entry.privileges.contains).map { privilege in
                    let star = entry.grantable.contains(privilege) ? "*" : ""
                    return ACLLine.Entry(
                        letters: "\(privilege.letter)\(star)",
                        privilege: privilege.rawValue
                    )
                }
            )
        }
    }

    /// What concerns new objects like this one, or new objects in this schema.
    private func defaults(of object: SecuredObject) -> [DefaultGrants] {
        let kind = DefaultPrivileges.Objects(object.kind)
        return (objects?.defaultPrivileges ?? []).filter { defaults in
            guard object.kind != .schema else {
                return defaults.schema == object.oid || defaults.schema == 0
            }
            return defaults.objects == kind && kind != nil
                && (defaults.schema == object.schemaOID || defaults.schema == 0)
        }.map { defaults in
            DefaultGrants(
                creator: snapshot.roleName(defaults.creator),
                schema: snapshot.schemas[defaults.schema]?.name,
                objects: defaults.objects?.words ?? "objects",
                acl: lines(defaults.acl)
            )
        }
    }

    /// An INSERT that leaves a column to its default needs the default's sequence as well.
    private func sequenceNotes(on object: SecuredObject, role: OID) -> [String] {
        let principal = principal(role)
        return (snapshot.columns[object.oid] ?? []).flatMap { column in
            let place = Reach.Place(relation: column.relation, column: column.number)
            return (snapshot.reach.defaultSequences[place] ?? [])
                .compactMap { snapshot.relations[$0] }
                .filter { !canAdvance(principal, $0) }
                .map { sequence in
                    let name = Identifier.displayed(roleName(role))
                    return "the default of column \(Identifier.displayed(column.name)) draws from "
                        + "\(sequence.objectName.displayed), on which \(name) lacks USAGE"
                }
        }
    }

    private func notes(on target: ObjectLookup.Target) -> [String] {
        let object = target.object
        var notes: [String] = []
        let owner = Identifier.displayed(snapshot.roleName(object.owner))
        if let relation = snapshot.relations[object.oid], relation.kind == object.kind {
            if relation.hasRowSecurity {
                notes.append("row security is on: policies decide which rows a privilege reaches")
            }
            if relation.kind == .view, !relation.isSecurityInvoker {
                notes.append(
                    "what the view reads and writes is reached with the rights of \(owner)"
                )
            }
        }
        let kind = DefaultPrivileges.Objects(object.kind)
        let those = (objects?.defaultPrivileges ?? []).filter {
            $0.objects == kind && $0.schema == object.schemaOID && $0.schema != 0
        }
        if !those.isEmpty, !those.contains(where: { $0.creator == object.owner }) {
            let creators = Set(those.map { snapshot.roleName($0.creator) }).sorted()
                .map(Identifier.displayed).joined(separator: ", ")
            notes.append(
                "the default privileges of the schema are those of \(creators); what \(owner) "
                    + "creates does not get them"
            )
        }
        return notes
    }
}

extension DefaultPrivileges.Objects {
    /// What new objects of a kind fall under; `nil` for kinds without default privileges.
    init?(_ kind: ObjectKind) {
        switch kind {
        case .table, .partitionedTable, .view, .materializedView, .foreignTable: self = .tables
        case .sequence: self = .sequences
        case .function, .procedure: self = .functions
        case .type, .domain: self = .types
        case .schema: self = .schemas
        case .largeObject: self = .largeObjects
        default: return nil
        }
    }

    /// As ALTER DEFAULT PRIVILEGES calls them.
    var words: String {
        switch self {
        case .tables: "tables"
        case .sequences: "sequences"
        case .functions: "functions"
        case .types: "types"
        case .schemas: "schemas"
        case .largeObjects: "large objects"
        }
    }
}
