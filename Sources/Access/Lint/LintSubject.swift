package import Catalog
internal import Trials

/// What the rules look at: the application's relations and roles, and what is known of them.
package struct LintSubject: Sendable {
    let access: AccessMap
    /// The application's tables and views.
    let relations: [Relation]
    /// The application's sequences, those of defaults and identity columns among them.
    let sequences: [Relation]
    /// The schemas of the application, by name; with patterns, those of the relations that match.
    let schemas: [Schema]
    /// Whether patterns narrow what is looked at, so that only what lies in the schemas counts.
    let isNarrowed: Bool
    /// The roles that the application works as.
    let roles: [Role]
    /// The roles under which anybody may be at work, by name.
    let inUse: [Role]
    /// All of these roles with what counts for them.
    let principals: [OID: Principal]
    /// The columns of tables that draw from sequences.
    let fedColumns: [FedColumn]
    let extremes: ColumnExtremes

    var snapshot: Snapshot { access.snapshot }

    /// Takes the declared roles for the application's; without any, those in use that were granted
    /// access to the application's data.
    package init(
        _ access: AccessMap,
        selected: Selection.Resolved = .everything,
        declared: [OID] = [],
        extremes: ColumnExtremes = ColumnExtremes()
    ) {
        self.access = access
        self.extremes = extremes
        let snapshot = access.snapshot
        let application = ApplicationRelations(in: snapshot, selected: selected).relations
        let relations = application.filter { $0.kind != .sequence }
        self.relations = relations
        let fed = Self.sequences(feeding: relations, in: snapshot)
        sequences = snapshot.orderedRelations.filter { relation in
            relation.kind == .sequence && relation.extension == nil
                && (selected.included?.contains(relation.oid) ?? true || fed.contains(relation.oid))
                && !selected.excluded.contains(relation.oid)
        }
        isNarrowed = selected.included != nil
        schemas = Self.schemas(of: selected, in: snapshot)
        let inUse = access.rolesInUse
        let known = declared.compactMap { snapshot.roles[$0] }
        let roles = known.isEmpty ? Self.workers(access, inUse, on: relations) : known
        self.roles = roles
        self.inUse = inUse
        principals = Dictionary(
            (roles + inUse).map { ($0.oid, access.principal($0.oid)) }
        ) { first, _ in first }
        fedColumns = Self.fedColumns(of: relations, from: Set(sequences.map(\.oid)), in: snapshot)
    }

    private static func schemas(
        of selected: Selection.Resolved,
        in snapshot: Snapshot
    ) -> [Schema] {
        let bySchema = Dictionary(grouping: snapshot.orderedRelations, by: \.schemaOID)
        return snapshot.schemas.values.filter { schema in
            let relations = bySchema[schema.oid] ?? []
            let isExcluded =
                !relations.isEmpty && relations.allSatisfy { selected.excluded.contains($0.oid) }
            let isIncluded = selected.included.map { included in
                relations.contains { included.contains($0.oid) }
            }
            return schema.extension == nil && isIncluded ?? true && !isExcluded
        }.sorted { $0.name < $1.name }
    }

    /// The roles that were granted access to data; superusers among them, but for initdb's own.
    private static func workers(
        _ access: AccessMap,
        _ inUse: [Role],
        on relations: [Relation]
    ) -> [Role] {
        let areInUse = Set(inUse.map(\.oid))
        return access.snapshot.roles.values.filter { role in
            (role.canLogIn || areInUse.contains(role.oid)) && !role.isPredefined
                && role.oid != 10 && access.worksWithData(role, relations)
        }.sorted { $0.name < $1.name }
    }

    /// The questions whose answers `sequence-behind` needs, of tables that the connecting role may
    /// read.
    ///
    /// A value can only collide in a column that leads a unique index, which also makes the question
    /// cheap.
    package var questions: [ColumnExtremes.Question] {
        guard let user = snapshot.rolesByName[snapshot.server.user] else { return [] }
        let principal = access.principal(user.oid)
        return fedColumns.compactMap { fed in
            let relation = fed.relation
            let isUnique = (snapshot.uniqueIndexes[relation.oid] ?? []).contains {
                !$0.isPartial && $0.columns.first == fed.column.number
            }
            let isReadable =
                snapshot.schemas[relation.schemaOID].map { access.has(principal, .usage, on: $0) }
                ?? false && access.has(principal, .select, on: fed.column, of: relation)
            let seesAllRows =
                !relation.hasRowSecurity || user.isSuperuser || user.bypassesRowSecurity
                || principal.effectiveRoles.contains(relation.owner) && !relation.forcesRowSecurity
            guard isUnique, isReadable, seesAllRows,
                [.table, .partitionedTable].contains(relation.kind),
                (snapshot.partitions[relation.oid] ?? []).count <= Self.manyPartitions,
                let state = access.objects?.sequences[fed.sequence.oid], state.isKnown
            else { return nil }
            return ColumnExtremes.Question(fed.column, of: relation, isLowest: state.increment < 0)
        }
    }

    /// Asking a table locks all of its partitions.
    private static let manyPartitions = 50

    /// A column with a sequence that its default, or its identity, draws from.
    struct FedColumn: Sendable {
        let relation: Relation
        let column: Column
        let sequence: Relation
    }

    private static func fedColumns(
        of relations: [Relation],
        from ours: Set<OID>,
        in snapshot: Snapshot
    ) -> [FedColumn] {
        relations.flatMap { relation in
            (snapshot.columns[relation.oid] ?? []).flatMap { column in
                sequences(of: column, in: snapshot).filter(ours.contains).compactMap { oid in
                    snapshot.relations[oid].map {
                        FedColumn(relation: relation, column: column, sequence: $0)
                    }
                }
            }
        }
    }

    private static func sequences(
        feeding relations: [Relation],
        in snapshot: Snapshot
    ) -> Set<OID> {
        Set(
            relations.flatMap { snapshot.columns[$0.oid] ?? [] }
                .flatMap { sequences(of: $0, in: snapshot) }
        )
    }

    private static func sequences(of column: Column, in snapshot: Snapshot) -> [OID] {
        let place = Reach.Place(relation: column.relation, column: column.number)
        return (snapshot.reach.defaultSequences[place] ?? [])
            + [snapshot.reach.identitySequences[place]].compactMap(\.self)
    }
}

extension AccessMap {
    /// Whether the role was granted access to data, by more than ownership or what PUBLIC may do.
    fileprivate func worksWithData(_ role: Role, _ relations: [Relation]) -> Bool {
        let groups = snapshot.groups(of: role.oid, by: \.inherits)
        let data: [Privilege] = [.select, .insert, .update, .delete]
        let predefined = data.flatMap { predefinedRoles(with: $0, on: .table) }
        if predefined.contains(where: groups.contains) { return true }
        func isGranted(_ acl: String, _ owner: OID) -> Bool {
            list(acl).entries.contains { entry in
                entry.grantee != 0 && entry.grantee != owner && groups.contains(entry.grantee)
                    && !entry.privileges.isDisjoint(with: data)
            }
        }
        return relations.contains { relation in
            isGranted(relation.acl, relation.owner)
                || (snapshot.columns[relation.oid] ?? []).contains {
                    !$0.acl.isEmpty && isGranted($0.acl, relation.owner)
                }
        }
    }
}
