package import Catalog
package import Trials

extension Snapshot {
    /// Why an operation cannot be asked of a relation, whoever asks; `nil` if it can.
    package func obstacle(to operation: Operation, on relation: Relation) -> String? {
        let kind = relation.kind
        if kind == .sequence {
            switch operation {
            case .nextval, .currval, .setval, .drop: return nil
            default: return "sequence"
            }
        }
        switch operation {
        case .insert, .insertReturning: return refusal(of: .insert, on: relation)
        case .update: return refusal(of: .update, on: relation)
        case .delete: return refusal(of: .delete, on: relation)
        case .upsert:
            if kind == .foreignTable { return "foreign table, which takes no ON CONFLICT" }
            if hasInsteadTrigger(relation, on: .insert) { return "view with INSTEAD OF triggers" }
            return refusal(of: .insert, on: relation)
                ?? (arbiters(of: relation).isEmpty ? "no unique key for ON CONFLICT" : nil)
        case .merge:
            if server.version < 150_000 { return "MERGE exists from PostgreSQL 15 on" }
            if kind == .view, server.version < 170_000 || hasInsteadTrigger(relation, on: .insert) {
                return "view, which takes no MERGE here"
            }
            if kind == .foreignTable { return "foreign table, which takes no MERGE" }
            return refusal(of: .insert, on: relation) ?? refusal(of: .update, on: relation)
                ?? (arbiters(of: relation).isEmpty ? "no unique key to match rows by" : nil)
        case .copy:
            if kind == .view, !hasInsteadTrigger(relation, on: .insert) {
                return "view without INSTEAD OF trigger, which takes no COPY"
            }
            return refusal(of: .insert, on: relation)
        case .select: return nil
        case .selectForUpdate:
            if hasInsteadTrigger(relation, on: .update) { return "view with INSTEAD OF triggers" }
            return kind == .materializedView
                ? "materialized view, whose rows cannot be locked"
                : refusal(of: .update, on: relation)
        case .truncate:
            return [.table, .partitionedTable, .foreignTable].contains(kind)
                ? nil : "\(kind.rawValue), which cannot be truncated"
        case .references:
            return [.table, .partitionedTable].contains(kind)
                ? nil : "\(kind.rawValue), which no key can refer to"
        case .trigger:
            return kind == .materializedView ? "materialized view, which has no triggers" : nil
        case .maintain:
            return [.table, .partitionedTable, .materializedView].contains(kind)
                ? nil : "\(kind.rawValue), which needs no maintenance"
        case .drop: return nil
        default: return "\(kind.rawValue)"
        }
    }

    private func refusal(of event: Relation.Event, on relation: Relation) -> String? {
        if relation.kind == .materializedView {
            return "materialized view, which takes no \(event.rawValue)"
        }
        return relation.accepts(event) == false ? "view that cannot be written" : nil
    }

    /// The unique keys that ON CONFLICT can name, as columns of the relation: whole, of plain
    /// columns, checked at once; the primary key first.
    package func arbiters(of relation: Relation) -> [[Int]] {
        guard relation.kind == .view else { return ownArbiters(of: relation.oid) }
        let own = Dictionary(
            (columns[relation.oid] ?? []).filter(\.isWritable).map { ($0.name, $0.number) }
        ) { first, _ in first }
        let bases = reach.viewBases[relation.oid] ?? []
        guard bases.count == 1, let base = bases.first.flatMap({ relations[$0] }) else { return [] }
        return arbiters(of: base).compactMap { key in
            let numbers = key.compactMap { column($0, of: base.oid).flatMap { own[$0.name] } }
            return numbers.count == key.count ? numbers : nil
        }
    }

    private func ownArbiters(of table: OID) -> [[Int]] {
        let keys = (constraints[table] ?? []).filter { [.primaryKey, .unique].contains($0.kind) }
        let deferrable = Set(keys.filter(\.isDeferrable).map(\.name))
        let primary = Set(keys.filter { $0.kind == .primaryKey }.map(\.name))
        return (uniqueIndexes[table] ?? [])
            .filter { index in
                !index.isExclusion && !index.isPartial && index.expressions.isEmpty
                    && !index.columns.contains(0) && !deferrable.contains(index.name)
            }
            .sorted { primary.contains($0.name) && !primary.contains($1.name) }
            .map(\.columns)
    }

    /// Whether a view's writes are a trigger's business.
    package func hasInsteadTrigger(_ view: Relation, on event: Relation.Event) -> Bool {
        view.kind == .view
            && (triggers[view.oid] ?? []).contains {
                $0.isBefore && $0.isForEachRow && $0.fires(on: event)
            }
    }

    /// The columns by which an application picks a row: the primary key, or another whole unique key
    /// without NULLs, seen through a view; empty if there is none whose value can be given.
    package func rowKey(of relation: Relation) -> [Int] {
        let primary = (constraints[relation.oid] ?? []).filter { $0.kind == .primaryKey }
        let keys =
            primary.map(\.columns)
            + arbiters(of: relation).filter { key in
                relation.kind == .view
                    || key.allSatisfy { column($0, of: relation.oid)?.isNotNull ?? false }
            }
        // The value of a generated column is not known before the row is there.
        return keys.first { key in
            !key.contains { column($0, of: relation.oid)?.isGenerated ?? false }
        } ?? []
    }
}
