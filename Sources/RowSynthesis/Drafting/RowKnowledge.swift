package import Catalog

/// What earlier attempts have taught about the rows of one relation.
package struct RelationKnowledge: Sendable, Hashable {
    /// Columns that must be named although they may be NULL or have a default.
    package var forced: Set<Int> = []
    /// Foreign keys whose parent must be made, since none that is there will do.
    package var scaffoldedKeys: Set<OID> = []
    /// Values that the server helped to find.
    package var values: [Int: RowValue] = [:]
    /// Whether keys that refer to the same relation get a parent each.
    package var separatesParents = false
    /// Whether the parents are made in the other order.
    package var reversesParents = false
    /// Conditions that only an error told of: of a partition, a policy, a view.
    package var conditions: [LearnedCondition] = []

    package init() {}

    /// Takes over values in place of those that are known.
    mutating func take(_ others: [Int: RowValue]) { values.merge(others) { _, new in new } }
}

/// A condition on rows that stands in no constraint of their table.
package struct LearnedCondition: Sendable, Hashable {
    package var text: String
    package var mustBeTrue: Bool
}

/// What earlier attempts have taught about the row of one relation and those that it needs.
package struct RowKnowledge: Sendable, Hashable {
    /// About the row under trial.
    package var row = RelationKnowledge()
    /// About the rows of the scaffold.
    package var parents: [OID: RelationKnowledge] = [:]
    /// The table beneath the view under trial, once it is known which columns are which.
    package var base: ViewBase?
    /// Keys of parents that turned out to be there.
    package var existing: [ParentKey: [String]] = [:]
    /// Parents that triggers put in place by themselves, or that are there.
    package var madeByTriggers: Set<MadeByTrigger> = []
    /// Rows that no key asks for, but code that a row sets off looks for.
    package var lookups: [CodeLookup] = []
    /// Foreign keys by which a row must refer to the one under trial, since code asks for it.
    package var children: [Constraint] = []
    /// Columns by which a row that triggers of the scaffold have made is taken away again.
    package var cleared: Set<Int> = []
    /// The row whose place the one under trial takes, in a table that is full.
    package var vacancy: ExistingRow?
    /// Whether the row under trial gives way to those that are there, in a table that is full.
    package var ignoresConflicts = false
    /// Columns of the row under trial that get a value of their own, so that the row can be picked.
    package var namedKey: Set<Int> = []
    /// Columns of the row under trial that an UPDATE leaves as they are.
    package var spared: Set<Int> = []
    /// Columns of the row under trial that an UPDATE makes greater by one.
    package var raised: Set<Int> = []
    /// Whether the row under trial itself is the parent that its scaffold refers to.
    package var closesRings = false
    /// Whether the trial goes without its scaffold, which could not be put in place.
    package var goesWithoutScaffold = false
    /// Counts up when fresh values turned out to be taken.
    package var round = 0
    /// Whether scaffolds go in with user triggers and keys switched off.
    package var usesReplicaMode = false
    /// Remedies that are worth one try only.
    var tried: Set<String> = []

    /// A parent that a trigger makes: that of one child, or every one.
    package struct MadeByTrigger: Sendable, Hashable {
        package var parent: OID
        package var child: OID?
    }

    /// Which columns of a view stand for which of its table.
    package struct ViewBase: Sendable, Hashable {
        package var table: OID
        /// The view's columns by the table's: one for each.
        package var columns: [Int: Int] = [:]
        /// The table's columns by the view's, of which several may stand for the same.
        package var beneath: [Int: Int] = [:]
    }

    package init() {}

    /// Forgets what the policies of one statement asked of the row: those of another may ask for
    /// something else.
    mutating func forgetPolicies() {
        row.values = row.values.filter { $0.value.source != .policy }
        row.conditions = []
        tried = tried.filter { !$0.hasPrefix(Self.policyRemedy) }
    }

    /// What the names of remedies begin with that follow policies.
    static let policyRemedy = "policy"

    subscript(site: RowSite) -> RelationKnowledge {
        get {
            switch site {
            case .row: row
            case .parent(let relation): parents[relation] ?? RelationKnowledge()
            }
        }
        set {
            switch site {
            case .row: row = newValue
            case .parent(let relation): parents[relation] = newValue
            }
        }
    }
}

/// Which of a draft's rows is meant.
enum RowSite: Sendable, Hashable {
    case row
    case parent(OID)
}
