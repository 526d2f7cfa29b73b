package import Catalog
package import Trials

/// Role × object × privilege, effective, made row by row: whole it would not fit into memory for a
/// large database.
package struct Matrix: Sendable {
    private let access: AccessMap
    private let roles: [(name: String, oid: OID)]
    private let asIfInheriting: Bool
    private let objects: [Entry]
    private let likenessCount: Int

    /// An object, or a column of a relation.
    private struct Entry: Sendable {
        let object: SecuredObject
        /// The columns with grants of their own.
        let columns: [Column]
        /// The one column that the entry is about.
        let column: Column?
        let displayed: String
        let privileges: [Privilege]
        /// What objects with the same list have in common, as most have with many others; `nil` where
        /// columns count.
        let likeness: Int?

        var kind: ObjectKind { column == nil ? object.kind : .column }
    }

    /// Prepares the matrix of some roles, 0 being PUBLIC, over some objects.
    package init(
        _ access: AccessMap,
        roles: [OID],
        objects: [SecuredObject],
        asIfInheriting: Bool = false
    ) {
        self.access = access
        self.roles = roles.map { (access.roleName($0), $0) }
        self.asIfInheriting = asIfInheriting
        let version = access.snapshot.server.version
        var likenesses: [ACLOfKind: Int] = [:]
        var entries: [Entry] = []
        var columnEntries: [Entry] = []
        for object in objects {
            let displayed = object.objectName.displayed
            let columns =
                object.kind.hasColumns
                ? (access.snapshot.columns[object.oid] ?? []).filter { !$0.acl.isEmpty } : []
            var likeness: Int?
            if columns.isEmpty {
                let key = ACLOfKind(acl: object.acl, kind: object.kind)
                likeness = likenesses[key] ?? likenesses.count
                likenesses[key] = likeness
            }
            entries.append(
                Entry(
                    object: object,
                    columns: columns,
                    column: nil,
                    displayed: displayed,
                    privileges: Privilege.all(on: object.kind, version: version),
                    likeness: likeness
                )
            )
            columnEntries += columns.map { column in
                Entry(
                    object: object,
                    columns: [],
                    column: column,
                    displayed: "\(displayed).\(Identifier.displayed(column.name))",
                    privileges: Privilege.all(on: .column, version: version),
                    likeness: nil
                )
            }
        }
        self.objects = entries + columnEntries
        likenessCount = likenesses.count
    }

    /// Hands out the rows, by role, then object.
    package func forEachRow(_ body: (MatrixRow) throws -> Void) rethrows {
        for role in roles {
            let standing = access.standing(of: role.oid, asIfInheriting: asIfInheriting)
            var known = [[MatrixRow.Cell]?](repeating: nil, count: likenessCount)
            for entry in objects {
                var cells = entry.likeness.flatMap { known[$0] }
                if cells == nil { cells = self.cells(of: entry, standing) }
                if let likeness = entry.likeness { known[likeness] = cells }
                try body(
                    MatrixRow(
                        role: role.name,
                        kind: entry.kind,
                        object: entry.displayed,
                        cells: cells ?? []
                    )
                )
            }
        }
    }

    private struct ACLOfKind: Hashable {
        let acl: String
        let kind: ObjectKind
    }

    private func cells(of entry: Entry, _ standing: Standing) -> [MatrixRow.Cell] {
        entry.privileges.map { privilege in
            let effective =
                if let column = entry.column {
                    access.effective(standing, privilege, on: column, of: entry.object)
                } else {
                    access.effective(
                        standing,
                        privilege,
                        on: entry.object,
                        columns: entry.columns
                    )
                }
            return MatrixRow.Cell(privilege: privilege.rawValue, effective: effective)
        }
    }
}

extension AccessMap {
    /// The objects that a matrix shows, by kind, schema and name.
    ///
    /// Relations, functions and types that came with an extension are no business of the
    /// application's roles; of parameters only those with grants are shown, of languages only those
    /// that a grant can open.
    package var matrixObjects: [SecuredObject] {
        let others = (objects?.objects ?? []).filter { object in
            !(object.isExtensionMember && object.schemaOID != 0) && !object.isUntrusted
                && !(object.kind == .parameter && object.hasDefaultACL)
                && object.schema != "pg_catalog"
        }
        let relations = snapshot.orderedRelations.lazy.filter { $0.extension == nil }
            .map(SecuredObject.init)
        let schemas = snapshot.schemas.values.lazy.filter { $0.extension == nil }
            .map(SecuredObject.init)
            .sorted { $0.name < $1.name }
        func those(_ kinds: Set<ObjectKind>) -> [SecuredObject] {
            others.filter { kinds.contains($0.kind) }
        }
        return those([.database]) + schemas
            + relations.filter { $0.kind != .sequence } + relations.filter { $0.kind == .sequence }
            + those([.function, .procedure]) + those([.type, .domain])
            + those([.language, .tablespace, .foreignDataWrapper, .foreignServer])
            + those([.largeObject, .parameter])
    }

    /// The roles that a matrix shows unless others are asked for: all that initdb did not make.
    package var matrixRoles: [OID] {
        snapshot.roles.values.filter { $0.oid >= 16_384 }.sorted { $0.name < $1.name }.map(\.oid)
    }
}
