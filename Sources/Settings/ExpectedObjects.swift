package import Access
package import Catalog
package import Trials

/// What expectations can be about.
package struct ExpectedObjects: Sendable {
    /// The application's relations, among them the sequences that no default reaches.
    package let relations: [Relation]
    /// The sequences of the same schemas that defaults or identity columns draw from.
    package let drawnSequences: [Relation]
    /// Sequences that functions or text in defaults name: an application need not call them itself.
    package let drawnByCode: Set<OID>
    /// Those of identity columns.
    package let identitySequences: Set<OID>
    /// The schemas that hold the relations.
    package let schemas: [ObjectName]
    /// The functions and procedures of those schemas that a statement can call.
    package let routines: [ObjectName]

    package init(_ application: ApplicationRelations, _ access: AccessMap) {
        let snapshot = access.snapshot
        relations = application.relations
        let schemaNames = Set(application.relations.map(\.schema))
        let tables = Set(application.relations.map(\.oid))
        let reach = snapshot.reach
        identitySequences = Set(reach.identitySequences.values)
        // Those that the application's own tables draw from, partitions by their root.
        func isOurs(_ place: Reach.Place) -> Bool {
            snapshot.relations[place.relation].map { tables.contains(snapshot.root(of: $0).oid) }
                ?? false
        }
        let drawn = Set(
            reach.defaultSequences.filter { isOurs($0.key) }.flatMap(\.value)
                + reach.identitySequences.filter { isOurs($0.key) }.map(\.value)
        )
        drawnSequences = snapshot.orderedRelations.filter {
            drawn.contains($0.oid) && !tables.contains($0.oid)
        }
        drawnByCode = Set(
            application.relations.flatMap { access.reach.sequences(of: $0.oid) }.map(\.oid)
        )
        schemas = schemaNames.sorted().map { ObjectName(kind: .schema, schema: nil, name: $0) }
        let ofTriggers = Set(snapshot.triggers.values.joined().map(\.routine))
        routines = snapshot.routines.values
            .filter {
                schemaNames.contains($0.schema) && !$0.isBuiltIn && !ofTriggers.contains($0.oid)
            }
            .map(\.objectName)
            .sorted { $0.displayed < $1.displayed }
    }
}
