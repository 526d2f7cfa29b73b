import Trials

/// How far a run is, on one line.
package struct ProgressBar: Sendable {
    private static let barWidth = 20

    /// The number of trials that are through.
    package var done: Int
    /// The number of trials in the plan.
    package var total: Int
    /// The name of the case that was last taken up.
    package var current: String

    package init(done: Int, total: Int, current: String) {
        self.done = done
        self.total = total
        self.current = current
    }

    /// Returns a line of at most `width` columns, such as `━━━━────────────────  42/210  insert …`.
    ///
    /// A narrow terminal gets the numbers alone.
    package func line(width: Int) -> String {
        let padding = String(repeating: " ", count: max(0, "\(total)".count - "\(done)".count))
        let counter = "\(padding)\(done)/\(total)"
        let room = width - Self.barWidth - counter.count - 4
        guard room >= 0 else { return String(counter.prefix(max(0, width))) }
        let name = Columns.cut(PrintableText.line(current), to: room)
        return name.isEmpty ? "\(bar)  \(counter)" : "\(bar)  \(counter)  \(name)"
    }

    private var bar: String {
        let share = total > 0 ? min(max(0, Double(done) / Double(total)), 1) : 0
        let filled = Int(share * Double(Self.barWidth))
        return String(repeating: "━", count: filled)
            + String(repeating: "─", count: Self.barWidth - filled)
    }
}
