package import Access
package import Catalog
package import Trials

/// Who is expected to insert where: declared by the user or, failing that, read from the grants.
package struct InsertExpectations: Sendable {
    /// By role in the order given, or by name; then by schema and table.
    package private(set) var trials: [Trial] = []
    /// Relations that cannot take an insert or, without declared roles, take nobody's.
    package private(set) var leftOut: [LeftOut] = []

    /// Expects every declared role to insert into every relation that can take an insert.
    ///
    /// - Throws: `UnknownRole`.
    package init(
        declaring names: [String],
        on relations: [Relation],
        in snapshot: Snapshot
    ) throws(UnknownRole) {
        let targets = insertTargets(among: relations)
        var declared: Set<String> = []
        for name in names where declared.insert(name).inserted {
            guard snapshot.rolesByName[name] != nil else {
                throw UnknownRole(name: name, known: snapshot.rolesByName.names)
            }
            trials += targets.map { Trial(role: name, operation: .insert, object: $0.objectName) }
        }
    }

    /// Expects each role that holds INSERT, or that is there to be used and can come by it, to be
    /// able to insert.
    ///
    /// A role counts if it may log in, or if a LOGIN role may SET ROLE to it and none inherits from
    /// it: a mere group holds half of what its members need. Superusers, predefined roles, a table's
    /// owner and strangers are left out. A forgotten table GRANT cannot be seen this way, so
    /// relations into which no such role may insert are listed.
    package init(inferringFrom access: AccessMap, on relations: [Relation]) {
        let targets = insertTargets(among: relations)
        let (holders, strangers) = access.inferredHolders(of: .insert, on: targets)
        let granted = holders.reduce(into: Set<OID>()) { $0.formUnion($1.granted) }
        // Who migrates as the owner's member reaches every table and hides those that nobody writes.
        let reached =
            granted.isEmpty ? Set(holders.flatMap(\.relations).map(\.oid)) : granted
        for holder in holders {
            for relation in holder.relations {
                trials.append(
                    Trial(
                        role: holder.role.name,
                        operation: .insert,
                        object: relation.objectName,
                        isInferred: true
                    )
                )
            }
        }
        leftOut += strangers.map {
            LeftOut(
                object: ObjectName(kind: .role, schema: nil, name: $0.name),
                reason: "holds nothing in this database but what PUBLIC holds"
            )
        }
        leftOut += targets.filter { !reached.contains($0.oid) }.map {
            LeftOut(object: $0.objectName, reason: "no application role may insert into it")
        }
    }

    /// Keeps the relations that can take an insert and notes the others.
    private mutating func insertTargets(among relations: [Relation]) -> [Relation] {
        var targets: [Relation] = []
        for relation in relations where relation.kind != .sequence {
            if relation.kind == .materializedView {
                leftOut.append(
                    LeftOut(
                        object: relation.objectName,
                        reason: "materialized view, which takes no insert"
                    )
                )
            } else if relation.acceptsInsert == false {
                leftOut.append(
                    LeftOut(object: relation.objectName, reason: "view that cannot be written")
                )
            } else {
                targets.append(relation)
            }
        }
        return targets
    }
}

/// A declared role that the server does not have.
package struct UnknownRole: Error, Sendable, Hashable {
    package let name: String
    package let known: [String]
}
