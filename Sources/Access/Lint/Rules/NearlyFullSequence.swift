internal import Catalog
internal import Trials

extension Rule {
    static let nearlyFullSequence = Rule(
        "sequence-nearly-full",
        .warning,
        "A sequence has used up more than 80 % of its own or its column's type.",
        page: """
            A `serial` or `integer` key ends at 2,147,483,647, a `smallserial` at 32,767. The insert \
            after that fails for every role, with `nextval: reached maximum value` or `integer out of \
            range`, and widening the column rewrites the table, so it has to be planned in time. \
            Columns that refer to it must be widened too. What is full already is an `error`.

            Leave it where the table is known not to grow any more.
            """
    ) { subject in
        let columns = Dictionary(grouping: subject.fedColumns, by: \.sequence.oid)
        return subject.sequences.compactMap { sequence in
            guard let state = subject.access.objects?.sequences[sequence.oid], state.isKnown,
                let last = state.lastValue
            else { return nil }
            let fed = (columns[sequence.oid] ?? []).min { width(of: $0) < width(of: $1) }
            func width(of fed: LintSubject.FedColumn) -> Int {
                subject.snapshot.integerLimit(of: fed.column)
            }
            let isRising = state.increment > 0
            let own = isRising ? state.maximum : state.minimum
            let ofColumn = fed.map { isRising ? width(of: $0) : -width(of: $0) - 1 }
            // A sequence that starts again never reaches its end, only its column's.
            if state.startsAgain, ofColumn.map({ abs($0) >= abs(own) }) ?? true { return nil }
            let limit = ofColumn.map { isRising ? min($0, own) : max($0, own) } ?? own
            guard limit != 0, (last > 0) == (limit > 0) else { return nil }
            let used = Double(last) / Double(limit)
            guard used > 0.8 else { return nil }
            return Remark(
                object: sequence.objectName,
                reason: "it stands at \(last), \(Int(used * 100)) % of \(limit)"
                    + (fed.map {
                        ", where column \($0.relation.objectName.displayed)."
                            + "\(Identifier.displayed($0.column.name)) ends"
                    } ?? ""),
                mending: subject.widening(sequence, fed),
                severity: used >= 1 ? .error : nil
            )
        }
    }
}

extension LintSubject {
    /// Makes column and sequence as wide as they can be; there is nothing beyond bigint.
    fileprivate func widening(_ sequence: Relation, _ fed: FedColumn?) -> [Cure] {
        var statements: [(sql: String, owner: OID)] = []
        if let fed, snapshot.integerLimit(of: fed.column) < Int.max {
            let table = Identifier.sql(fed.relation.objectName)
            statements.append(
                (
                    "ALTER TABLE \(table) ALTER COLUMN \(Identifier.sql(fed.column.name)) "
                        + "TYPE bigint", fed.relation.owner
                )
            )
        }
        let isIdentity = fed?.column.isIdentity ?? false
        if let state = access.objects?.sequences[sequence.oid], state.maximum < Int.max, !isIdentity
        {
            let name = Identifier.sql(sequence.objectName)
            statements.append(("ALTER SEQUENCE \(name) AS bigint NO MAXVALUE", sequence.owner))
        }
        return statements.map {
            Cure(sql: $0.sql, runBy: snapshot.roleName($0.owner), isProven: false)
        }
    }
}

extension Snapshot {
    /// The greatest value that the column's type holds.
    func integerLimit(of column: Column) -> Int {
        var type = types[column.type]
        while case .domain(let base, _) = type?.form { type = types[base] }
        return switch type?.name {
        case "int2": Int(Int16.max)
        case "int4": Int(Int32.max)
        default: Int.max
        }
    }
}
