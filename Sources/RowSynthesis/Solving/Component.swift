internal import Catalog

/// Columns that must be chosen together, with the conditions that join them.
struct Component: Sendable, Hashable {
    var columns: Set<Int>
    var conditions: [Condition]

    /// Groups the columns that conditions and composite keys connect.
    static func components(
        of conditions: [Condition],
        joinedBy groups: [Set<Int>]
    ) -> [Component] {
        var components: [Component] = []
        for condition in conditions {
            join(Component(columns: condition.columns, conditions: [condition]), to: &components)
        }
        // A group alone asks for nothing, it only connects.
        for group in groups {
            let touched = components.filter { !$0.columns.isDisjoint(with: group) }
            guard !touched.isEmpty else { continue }
            join(Component(columns: group, conditions: []), to: &components)
        }
        return components
    }

    private static func join(_ new: Component, to components: inout [Component]) {
        var merged = new
        components.removeAll { known in
            guard !known.columns.isDisjoint(with: merged.columns) else { return false }
            merged.columns.formUnion(known.columns)
            merged.conditions = known.conditions + merged.conditions
            return true
        }
        components.append(merged)
    }
}
