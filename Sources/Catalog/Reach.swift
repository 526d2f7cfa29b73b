/// What defaults, constraints, indexes and views reach, by recorded dependency.
///
/// A `nextval` inside a function, or with a text argument, leaves no dependency: only carrying the
/// statement out finds it.
package struct Reach: Sendable {
    /// A column's place in its table.
    package struct Place: Sendable, Hashable {
        package let relation: OID
        package let column: Int

        package init(relation: OID, column: Int) {
            self.relation = relation
            self.column = column
        }
    }

    /// The sequences that a column's DEFAULT names, shared ones too.
    package private(set) var defaultSequences: [Place: [OID]] = [:]
    package private(set) var identitySequences: [Place: OID] = [:]
    /// The functions that a column's DEFAULT or generation expression calls.
    package private(set) var defaultRoutines: [Place: [OID]] = [:]
    /// The functions that a table's checks call.
    package private(set) var checkRoutines: [OID: [OID]] = [:]
    /// The functions that a domain's checks call.
    package private(set) var domainRoutines: [OID: [OID]] = [:]
    /// The functions in the expressions and predicates of a table's indexes.
    package private(set) var indexRoutines: [OID: [OID]] = [:]
    /// The functions in the key of a partitioned table.
    package private(set) var partitionRoutines: [OID: [OID]] = [:]
    /// The relations that a view reads, or that a table's rules for INSERT reach.
    package private(set) var viewBases: [OID: [OID]] = [:]

    init(_ dependencies: [Dependency]) {
        for dependency in dependencies {
            let place = Place(relation: dependency.holder, column: dependency.column)
            let target = dependency.target
            switch dependency.source {
            case .columnDefault where dependency.isRelation:
                defaultSequences[place, default: []].append(target)
            case .columnDefault: defaultRoutines[place, default: []].append(target)
            case .identity: identitySequences[place] = target
            case .check: checkRoutines[dependency.holder, default: []].append(target)
            case .domainCheck: domainRoutines[dependency.holder, default: []].append(target)
            case .partitionKey: partitionRoutines[dependency.holder, default: []].append(target)
            case .index: indexRoutines[dependency.holder, default: []].append(target)
            case .view: viewBases[dependency.holder, default: []].append(target)
            case nil: break
            }
        }
    }
}
