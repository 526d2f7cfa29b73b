package import Catalog
package import Trials

/// Finds the object that a user names as `[KIND:]NAME`.
package struct ObjectLookup: Sendable {
    /// What was named: an object, or a column of a relation.
    package struct Target: Sendable, Hashable {
        package let object: SecuredObject
        package let column: Column?

        /// Kind and name, such as `table public.users`.
        package var described: String {
            let name = object.objectName.displayed
            guard let column else { return "\(object.kind.rawValue) \(name)" }
            return "column \(name).\(Identifier.displayed(column.name))"
        }

        package var kind: ObjectKind { column == nil ? object.kind : .column }
    }

    /// A name that leads nowhere, or to several objects.
    package enum Failure: Error, Sendable, Hashable {
        case unknownKind(String)
        case malformed(String, example: String)
        case unknown(kind: String, name: String, known: [String])
        case ambiguous(name: String, candidates: [String])
        case tooOld(kind: String, since: Int)
    }

    private let access: AccessMap

    package init(_ access: AccessMap) { self.access = access }

    package func find(_ reference: ObjectReference) throws(Failure) -> Target {
        if reference.kinds.contains(.parameter), access.snapshot.server.version < 150_000 {
            throw .tooOld(kind: "parameters", since: 15)
        }
        if reference.kinds == [.column] { return try column(reference) }
        let known = candidates(reference.kinds)
        let found = known.filter { reference.matches($0.objectName) }
        if let target = found.first, found.count == 1 { return Target(object: target, column: nil) }
        if found.isEmpty {
            throw .unknown(
                kind: reference.kindWord,
                name: reference.name,
                known: known.map(\.objectName.displayed)
            )
        }
        throw .ambiguous(name: reference.name, candidates: found.map(\.objectName.displayed))
    }

    private func column(_ reference: ObjectReference) throws(Failure) -> Target {
        guard let relation = reference.holder, let name = reference.parts.last else {
            throw .malformed(reference.name, example: "column:public.users.email")
        }
        let holder = try find(relation)
        let columns = access.snapshot.columns[holder.object.oid] ?? []
        guard let column = columns.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            let table = holder.object.objectName.displayed
            throw .unknown(
                kind: "column",
                name: reference.name,
                known: columns.map { "\(table).\(Identifier.displayed($0.name))" }
            )
        }
        return Target(object: holder.object, column: column)
    }

    private func candidates(_ kinds: Set<ObjectKind>) -> [SecuredObject] {
        var objects = (access.objects?.objects ?? []).filter { kinds.contains($0.kind) }
        if kinds.contains(.schema) {
            objects += access.snapshot.schemas.values.map(SecuredObject.init)
        }
        if kinds.contains(where: { $0.hasColumns || $0 == .sequence }) {
            objects += access.snapshot.orderedRelations.lazy.filter { kinds.contains($0.kind) }
                .map(SecuredObject.init)
        }
        return objects.sorted { $0.objectName.displayed < $1.objectName.displayed }
    }

    /// Other kinds of objects that bear the name, as `schema:shop`, to point a mistaken user to.
    package func alikes(of reference: ObjectReference) -> [String] {
        guard
            let schema = access.snapshot.schemas.values.first(where: {
                reference.parts == [$0.name]
            })
        else {
            let others = (access.objects?.objects ?? []).filter { object in
                object.kind != .parameter && reference.matches(object.objectName)
            }
            return others.map {
                "\($0.kind.rawValue.replacing(" ", with: "-")):\($0.objectName.displayed)"
            }
        }
        return ["schema:\(Identifier.displayed(schema.name))"]
    }
}
