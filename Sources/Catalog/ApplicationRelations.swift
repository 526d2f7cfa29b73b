package import Trials

/// The relations that an application uses, and those that are no business of its roles.
package struct ApplicationRelations: Sendable {
    /// By schema, then name; sequences that no default reaches are among them.
    package let relations: [Relation]
    package let leftOut: [LeftOut]

    /// Sorts the selected relations of a snapshot.
    package init(in snapshot: Snapshot, selected: Selection.Resolved) {
        let history = HistoryTables.find(in: snapshot)
        let reached = Set(snapshot.reach.defaultSequences.values.joined())
            .union(snapshot.reach.identitySequences.values)
        var relations: [Relation] = []
        var leftOut: [LeftOut] = []
        for relation in snapshot.orderedRelations
        where selected.included?.contains(relation.oid) ?? true {
            if relation.kind == .sequence, reached.contains(relation.oid) { continue }
            if let reason = Self.reason(against: relation, in: snapshot, history, selected) {
                leftOut.append(LeftOut(object: relation.objectName, reason: reason))
            } else {
                relations.append(relation)
            }
        }
        self.relations = relations
        self.leftOut = leftOut
    }

    private static func reason(
        against relation: Relation,
        in snapshot: Snapshot,
        _ history: [OID: String],
        _ selected: Selection.Resolved
    ) -> String? {
        if let tool = history[relation.oid] { return "history table of \(tool)" }
        if let name = relation.extension {
            return "member of the extension \(Identifier.displayed(name))"
        }
        if let name = snapshot.schemas[relation.schemaOID]?.extension {
            return "in a schema of the extension \(Identifier.displayed(name))"
        }
        // Which it makes beside its own tables, and from which it makes partitions.
        if relation.name.hasPrefix("template_"),
            snapshot.relations.values.contains(where: {
                $0.extension == "pg_partman" && $0.name == "part_config"
                    && $0.schemaOID == relation.schemaOID
            })
        {
            return "template of pg_partman's"
        }
        if relation.isPartition {
            let root = snapshot.root(of: relation).objectName.displayed
            return "partition, reached through \(root)"
        }
        if selected.excluded.contains(relation.oid) { return "excluded" }
        let names =
            [relation.schema, relation.name] + (snapshot.columns[relation.oid] ?? []).map(\.name)
        return names.contains(where: \.isUnreadable)
            ? "a name in it is not UTF-8, which an SQL_ASCII database does not prevent" : nil
    }
}

extension Snapshot {
    /// Returns the partitioned table at the top of a partition's tree, or the relation itself.
    package func root(of relation: Relation) -> Relation {
        var root = relation
        while root.isPartition, let parent = root.parent.flatMap({ relations[$0] }) {
            root = parent
        }
        return root
    }
}

extension String {
    /// Whether a name held bytes that are no text: the server does not know it by what was read.
    package var isUnreadable: Bool { unicodeScalars.contains("\u{FFFD}") }
}
